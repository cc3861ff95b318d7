# firewall-inspected: the firewall opens TLS of public names, with the company's
# CA, which applications trust. It must not open private endpoints, nor the hosts
# that ask for a client's certificate.
breaks='private-inspected mutual-tls trusted'
plan_packets="tcp port 443 and host 198.51.100.10"
usual_packets='tcp port 443 and (host 203.0.113.31 or host 203.0.113.33)'
setup() {
  azure_full
  azure_config firewall-inspected
  azure_agents
  azure_target "$REGION.cert.api.azureml.ms" 'expect: public'
  lab_firewall
  firewall_app 'inspect login.microsoftonline.com login' 'inspect mcr.microsoft.com mcr'
}
running() {
  firewall_app "allow $REGION.cert.api.azureml.ms"
  firewall_start
}
usual() {
  during client curl -s -m 1 --cacert "$LAB_CERTS/inspector.pem" \
    https://login.microsoftonline.com/ https://mcr.microsoft.com/
}

break_private-inspected() {
  want 1 tls-intercepted service-saw-other-source
  CHECK_ARGS+=(--timeout 5s) # opening TLS takes its time
  break_it() {
    firewall_opens workspace notebooks blob registry
    firewall_app 'allow *'
    firewall_takes 0.0.0.0/0
    firewall_route_private
  }
}

# Azure ML's agents show a certificate there; the firewall cannot.
break_mutual-tls() {
  want 1 tls-untrusted
  CHECK_ARGS+=(--timeout 5s)
  break_it() { firewall_app "inspect $REGION.cert.api.azureml.ms workspace"; }
}

# As all is well, and vnetprobe trusts the company's CA and looks at sign-in: that
# it is opened is told of, and fails nothing.
break_trusted() {
  want 0 tls-inspected-public
  CHECK_ARGS+=(--timeout 5s)
  plan_packets+=' or (tcp port 443 and host 203.0.113.31)'
  break_it() {
    cat "$LAB_CERTS/ca.pem" "$LAB_CERTS/inspector.pem" >/run/lab/trusted.pem
    sed -i 's|^ca_file: .*|ca_file: /run/lab/trusted.pem|' /run/lab/vnetprobe.yaml
    azure_target login.microsoftonline.com
  }
}
