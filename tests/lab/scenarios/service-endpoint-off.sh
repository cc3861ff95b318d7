# As service-endpoint, but the subnet's service endpoints are switched off: the
# packets look the same, the services see the NAT's public address. The vault
# says so; storage refuses.
want_status=1
want_findings='http-network-denied service-saw-other-source'
other_plan=yes
plan_packets='tcp port 443 and (host 203.0.113.20 or host 203.0.113.21 or host 203.0.113.22) or (host 203.0.113.21 and tcp port 445)'
setup() {
  local kind
  for kind in blob file vault; do no_private_endpoint $kind; done
  front pub blob blob 203.0.113.20
  front pub file file 203.0.113.21
  front pub vault vault 203.0.113.22
  silent pub 203.0.113.21 445
  lab_service_endpoint 203.0.113.20 203.0.113.21 203.0.113.22
  sed -i 's/^  - name: \(stlab\|kv-lab\)$/&\n    expect: service-endpoint/' /run/lab/vnetprobe.yaml
}
break_it() {
  in_ns router nft flush set inet lab service_endpoints
  front -a deny pub blob blob 203.0.113.20
  front -a deny pub file file 203.0.113.21
}
