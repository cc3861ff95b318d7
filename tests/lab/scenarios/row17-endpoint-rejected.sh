# Row 17. The connection of the private endpoint was rejected: the zone group's
# record is still there, but the public name has no alias that would lead to it.
command=dns
row=17
want_status=1
want_first=dns-no-private-endpoint
touches='vault'
break_it() {
  no_private_endpoint vault
  record_add private privatelink.vaultcore.azure.net kv-lab 'A 10.20.2.9'
}
