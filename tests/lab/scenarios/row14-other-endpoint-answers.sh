# Row 14 where the other network is peered: the vault answers there as it should,
# only the configured address tells.
row=14
want_status=1
want_first=dns-other-endpoint
plan_packets='host 10.30.2.9 and tcp port 443'
setup() {
  expect_address kv-lab 10.20.2.9
  ip -n pe addr add 10.30.2.9/32 dev lo
  ip -n router route add 10.30.2.9 via 10.20.2.4 dev pe
  front pe vault-other vault 10.30.2.9
}
break_it() { record_set private privatelink.vaultcore.azure.net kv-lab 'A 10.30.2.9'; }
