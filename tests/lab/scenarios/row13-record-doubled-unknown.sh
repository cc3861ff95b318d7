# Row 13. Two records for a name whose private endpoint has one address, and
# nobody said which: a warning.
command=dns
row=13
want_status=0
want_first=dns-record-doubled
break_it() { record_add private privatelink.vaultcore.azure.net kv-lab 'A 10.20.2.29'; }
