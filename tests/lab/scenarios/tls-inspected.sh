# Traffic to the private endpoints is hair-pinned through a firewall that opens
# TLS and signs the same names with the company's own CA, which this machine's
# trusted roots lack. One issuer for unrelated services: interception, and not
# merely an untrusted certificate.
want_status=1
want_findings=tls-intercepted
break_it() {
  local kind
  for kind in workspace instances notebooks inference blob file vault registry data; do
    front -c inspected router "$kind" "$kind" 0.0.0.0
  done
  router_divert ip daddr 10.20.2.0/24 tcp dport 443 redirect to :443
}
