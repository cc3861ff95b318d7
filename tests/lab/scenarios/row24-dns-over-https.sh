# Row 24: applications ask a public resolver past every setting of this machine,
# by DNS over TLS and by DNS over HTTPS, as browsers do: no question to port 53.
# The server name of the second gives it away; its address could be anybody's.
row=24
want_first=leak-dns
want_status=4
app_packets='host 203.0.113.53 and (tcp port 853 or tcp port 443)'
setup() {
  AZURE_OPTIONS="
  listen-on port 853 tls ephemeral { $PUBLIC_DNS; };
  listen-on port 443 tls ephemeral http default { $PUBLIC_DNS; };"
}
break_it() { CHECK_ARGS=(--linger 1500ms); } # until both have asked
app() {
  local APP_ROUNDS=1
  during client dig +tls +tries=1 +time=1 @"$PUBLIC_DNS" stlab.blob.core.windows.net
  # RFC 8484 section 4.1.1: A of stlab.blob.core.windows.net
  during client curl -s -k -m 1 --resolve "dns.google:443:$PUBLIC_DNS" \
    'https://dns.google/dns-query?dns=AAABAAABAAAAAAAABXN0bGFiBGJsb2IEY29yZQd3aW5kb3dzA25ldAAAAQAB'
}
