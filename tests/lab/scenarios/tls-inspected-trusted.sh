# As tls-inspected, and this machine trusts the company's authority, as machines
# of companies do: every certificate verifies, and still TLS to the private
# endpoints is opened on the way. In the twin the same roots are trusted, and
# nobody opens anything.
want_status=1
want_findings=tls-intercepted
setup() {
  cat "$LAB_CERTS/ca.pem" "$LAB_CERTS/inspector.pem" >/run/lab/roots.pem
  sed -i 's,^ca_file: .*,ca_file: /run/lab/roots.pem,' /run/lab/vnetprobe.yaml
}
break_it() {
  local kind
  for kind in workspace instances notebooks inference blob file vault registry data; do
    front -c inspected router "$kind" "$kind" 0.0.0.0
  done
  router_divert ip daddr 10.20.2.0/24 tcp dport 443 redirect to :443
}
