# Row 17. The vault's private endpoint waits for approval: no alias, a public
# address, everywhere.
command=dns
row=17
want_status=1
want_first=dns-no-private-endpoint
touches='vault'
break_it() { no_private_endpoint vault; }
