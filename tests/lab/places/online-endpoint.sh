# online-endpoint: scoring by a managed online endpoint, whose private record is a
# wildcard of the workspace.
breaks='wildcard-missing wildcard-elsewhere application'
setup() {
  azure_full
  azure_config online-endpoint
}

break_wildcard-missing() {
  want 1 dns-record-missing
  break_it() { record_remove private privatelink.api.azureml.ms "*.$GUID.inference.$REGION"; }
}

# The wildcard has the address of the workspace itself.
break_wildcard-elsewhere() {
  want 1 tls-name-mismatch
  break_it() { record_set private privatelink.api.azureml.ms "*.$GUID.inference.$REGION" 'A 10.20.2.5'; }
}

# A client of the endpoint has its public address, which serves another
# workspace's endpoints as well.
break_application() {
  want 4 leak-target
  app_packets='host 198.51.100.12 and tcp port 443'
  app() {
    during client curl -s -m 1 --cacert "$LAB_CERTS/ca.pem" \
      --connect-to "score.$REGION.inference.ml.azure.com:443:rival.$REGION.inference.ml.azure.com:443" \
      --resolve "rival.$REGION.inference.ml.azure.com:443:198.51.100.12" \
      "https://score.$REGION.inference.ml.azure.com/score"
  }
}
