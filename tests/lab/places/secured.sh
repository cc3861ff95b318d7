# secured: everything behind private endpoints, public access disabled. Other
# tenants' resources are behind the very same public addresses: an application
# talks to one of them, by a rule with a reason, and that is no leak of ours.
breaks='notebooks-zone stamp'
usual_packets='tcp port 443 and (host 203.0.113.20 or host 203.0.113.31)'
setup() {
  azure_full
  azure_config secured
  cat >>/run/lab/vnetprobe.yaml <<END
egress:
  allow:
    - name: otherco.blob.core.windows.net
      port: 443
      reason: "data that a partner publishes"
END
}
usual() {
  during client curl -s -m 1 --cacert "$LAB_CERTS/ca.pem" \
    https://otherco.blob.core.windows.net/ https://login.microsoftonline.com/
}

break_notebooks-zone() {
  want 1 dns-workspace-zone-missing
  break_it() { zone_unlink privatelink.notebooks.azure.net; }
}

# The reverse: the address is the one that the partner's account has as well, by
# its server name the connection is to our account.
break_stamp() {
  want 4 leak-target
  app_packets='host 203.0.113.20 and tcp port 443'
  app() {
    during client curl -s -m 1 --cacert "$LAB_CERTS/ca.pem" \
      --connect-to stlab.blob.core.windows.net:443:otherco.blob.core.windows.net:443 \
      https://stlab.blob.core.windows.net/
  }
}
