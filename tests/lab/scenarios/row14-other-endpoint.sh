# Row 14. Two private endpoints of the vault, in two VNets, wrote the same zone;
# the last one won: a private address of another network.
command=dns
row=14
want_status=1
want_first=dns-other-endpoint
touches='vault'
setup() { expect_address kv-lab 10.20.2.9; }
break_it() { record_set private privatelink.vaultcore.azure.net kv-lab 'A 10.30.2.9'; }
