# The workspace is public on purpose, storage, vault and registry are private.
want_status=0
want_findings=''
twin=no # nothing is broken
plan_packets='tcp port 443 and (host 198.51.100.10 or host 198.51.100.11 or host 198.51.100.12)'
setup() {
  no_private_endpoint workspace
  front pub workspace workspace 198.51.100.10
  front pub instances instances 198.51.100.10
  front pub notebooks notebooks 198.51.100.11
  front pub inference inference 198.51.100.12
  sed -i 's/^scenario: .*/scenario: public-workspace/' /run/lab/vnetprobe.yaml
}
