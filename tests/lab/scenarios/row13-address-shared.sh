# Row 13. The blob's record still has its endpoint's old address, which is the
# vault's now. Nobody said which address is meant; two services cannot have one.
command=dns
row=13
want_status=1
want_first=dns-address-shared
break_it() { record_set private privatelink.blob.core.windows.net stlab "A 10.20.2.9"; }
