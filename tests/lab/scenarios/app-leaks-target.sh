# The names are right everywhere, but an application has kept the storage
# account's public address from before and talks TLS to it during the run. No
# resolver ever gave that address to vnetprobe: the SNI tells.
want_status=4
want_findings=leak-target
app_packets='host 203.0.113.20 and tcp port 443'
app() {
  during client curl -s -m 1 --cacert "$LAB_CERTS/ca.pem" \
    --resolve stlab.blob.core.windows.net:443:203.0.113.20 \
    https://stlab.blob.core.windows.net/
}
