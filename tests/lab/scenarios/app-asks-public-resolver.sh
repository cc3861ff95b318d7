# An application asks a public resolver for the storage account's name, past the
# VNet's own: the question alone is a leak.
want_status=4
want_findings=leak-dns
app_packets='host 203.0.113.53 and udp port 53'
app() {
  during client dig +tries=1 +time=1 @"$PUBLIC_DNS" stlab.blob.core.windows.net
}
