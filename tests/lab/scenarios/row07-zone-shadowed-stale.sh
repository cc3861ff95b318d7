# Row 7, the other form: BIND's own blob.core.windows.net has the account, with
# the address of a private endpoint that is gone and without an alias.
command=dns
row=7
want_status=1
want_first=dns-zone-shadowed
setup() { resolvers "$BIND"; }
break_it() { bind_own_zone blob.core.windows.net <<<'stlab A 10.20.2.27'; }
