# An application talks to a public address that nothing explains.
want_status=1
want_findings=egress-unexplained
app_packets='host 203.0.113.99 and tcp port 443'
app() {
  during client curl -s -m 1 --cacert "$LAB_CERTS/ca.pem" \
    --resolve telemetry.example:443:203.0.113.99 https://telemetry.example/
}
