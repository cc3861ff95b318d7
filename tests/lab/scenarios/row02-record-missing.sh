# Row 2. The zone is linked but nobody wrote the vault's record (no zone group):
# alias, then NXDOMAIN with the SOA of an Azure private zone.
command=dns
row=2
want_status=1
want_first=dns-record-missing
touches='vault'
break_it() { record_remove private privatelink.vaultcore.azure.net kv-lab; }
