# As unexplained-egress, with egress.default: report: a warning, the run passes.
want_status=0
want_findings=egress-unexplained
app_packets='host 203.0.113.99 and tcp port 443'
setup() { printf 'egress:\n  default: report\n' >>/run/lab/vnetprobe.yaml; }
app() {
  during client curl -s -m 1 --cacert "$LAB_CERTS/ca.pem" \
    --resolve telemetry.example:443:203.0.113.99 https://telemetry.example/
}
