# The demonstration: the custom DNS servers forward to a public resolver, so
# that no linked zone is used, and an application which asks them talks to the
# storage account over its public address.
want_status=4
want_findings='leak-target dns-zone-not-linked'
app_packets='host 203.0.113.20 and tcp port 443'
break_it() {
  forward_to unbound "$PUBLIC_DNS"
  forward_to dnsmasq "$PUBLIC_DNS"
}
app() {
  during client curl -s -m 1 --cacert "$LAB_CERTS/ca.pem" https://stlab.blob.core.windows.net/
}
