# secured-public-access: private endpoints for us, while the services still accept
# others by their public addresses: nothing fails where a name goes public.
breaks='one-server application endpoint-rejected'
setup() {
  azure_full
  azure_access accept
  azure_config secured-public-access
}

# One of the VNet's two servers asks the Internet.
break_one-server() {
  want 1 dns-resolvers-disagree
  break_it() { forward_to dnsmasq "$PUBLIC_DNS"; }
}

# An application has the public address of the vault, which lets it in.
break_application() {
  want 4 leak-target
  app_packets='host 203.0.113.22 and tcp port 443'
  app() {
    during client curl -s -m 1 --cacert "$LAB_CERTS/ca.pem" \
      --resolve kv-lab.vault.azure.net:443:203.0.113.22 https://kv-lab.vault.azure.net/healthstatus
  }
}

# Nobody approved the table's endpoint: the public name leads to the stamp.
break_endpoint-rejected() {
  want 1 dns-no-private-endpoint
  break_it() { azure_no_endpoint table; }
}
