# Row 2, the other form: the label exists in the linked zone, with a TXT and no
# A: NOERROR without an address, the SOA of an Azure private zone.
command=dns
row=2
want_status=1
want_first=dns-record-missing
touches='vault'
break_it() {
  record_set private privatelink.vaultcore.azure.net kv-lab 'TXT "reserved for the vault"'
}
