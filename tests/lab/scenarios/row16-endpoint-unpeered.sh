# Row 16. The record leads to a private endpoint in a VNet that is not peered
# with this one: DNS is as configured, the SYN finds no way.
row=16
want_status=1
want_first=tcp-timeout
plan_packets='host 10.30.2.9 and tcp port 443'
setup() { router_rule ip daddr 10.30.0.0/16 drop; }
break_it() {
  record_set private privatelink.vaultcore.azure.net kv-lab 'A 10.30.2.9'
  expect_address kv-lab 10.30.2.9
}
