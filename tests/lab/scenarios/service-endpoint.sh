# Storage and vault are reached by service endpoints: their public addresses are
# right, and the services see the private source (P9).
want_status=0
want_findings=''
twin=no # nothing is broken
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
