# Two private endpoints of the vault wrote the same zone, the last one won: the
# address is private and answers as the vault, but belongs to another network's
# endpoint. Only the configured address tells.
want_status=1
want_findings=dns-other-endpoint
plan_packets='host 10.20.2.19 and tcp port 443'
setup() {
  front pe vault-other vault 10.20.2.19
  sed -i 's/^  - name: kv-lab$/&\n    addresses: [10.20.2.9]/' /run/lab/vnetprobe.yaml
}
break_it() { record_set private privatelink.vaultcore.azure.net kv-lab "A 10.20.2.19"; }
