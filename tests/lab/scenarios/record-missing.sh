# A zone of the right name is linked but lacks the vault's record (no zone
# group): alias, then NXDOMAIN with the SOA of an Azure private zone.
want_status=1
want_findings=dns-record-missing
break_it() { record_remove private privatelink.vaultcore.azure.net kv-lab; }
