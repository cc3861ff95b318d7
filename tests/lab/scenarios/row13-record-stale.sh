# Row 13. The private endpoint was made anew, the record still has its old
# address, in this VNet. All servers agree; the configuration knows better.
command=dns
row=13
want_status=1
want_first=dns-wrong-address
touches='vault'
setup() { expect_address kv-lab 10.20.2.9; }
break_it() { record_set private privatelink.vaultcore.azure.net kv-lab 'A 10.20.2.29'; }
