# Row 13. Beside the right record stands that of the endpoint before it.
command=dns
row=13
want_status=1
want_first=dns-wrong-address
touches='vault'
setup() { expect_address kv-lab 10.20.2.9; }
break_it() { record_add private privatelink.vaultcore.azure.net kv-lab 'A 10.20.2.29'; }
