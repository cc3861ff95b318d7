# Row 7. The zone of its own stands higher up: somebody made azure.com, for one
# internal name. The online endpoint below it does not exist any more.
command=dns
row=7
want_status=1
want_first=dns-zone-shadowed
setup() { resolvers "$UNBOUND" "$BIND"; }
break_it() { bind_own_zone azure.com <<<'portal-proxy A 10.20.9.9'; }
