# As unexplained-egress, to an address that a rule with a reason allows.
want_status=0
want_findings=''
app_packets='host 203.0.113.9 and tcp port 443'
setup() {
  cat >>/run/lab/vnetprobe.yaml <<END
egress:
  allow:
    - prefix: 203.0.113.9/32
      port: 443
      reason: "package mirror of the company"
END
}
app() {
  during client curl -s -m 1 --cacert "$LAB_CERTS/ca.pem" \
    --resolve mirror.example:443:203.0.113.9 https://mirror.example/
}
