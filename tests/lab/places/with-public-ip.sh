# with-public-ip: a compute instance that has a public IP address. Azure ML comes
# in to port 44224, the instance talks to Batch and over the tunnel's port.
breaks='stranger-comes-in tunnel-to-stranger file-share'
usual_packets='(tcp port 44224 and host 198.51.100.10) or (udp port 5831 and host 198.51.100.13) or (tcp port 443 and host 203.0.113.36)'
setup() {
  azure_full
  azure_front batch
  azure_config with-public-ip
  azure_tags
  echo 'egress: { service_tags: /run/lab/ServiceTags_Lab.json }' >>/run/lab/vnetprobe.yaml
}
running() {
  azure_listener 44224
  azure_tunnel 198.51.100.13
}
usual() {
  APP_ROUNDS=1 azure_inbound 198.51.100.10 44224
  APP_ROUNDS=1 during client bash -c "echo >/dev/udp/$REGION.tundra.azureml.ms/5831"
  APP_ROUNDS=1 during client curl -s -m 1 --cacert "$LAB_CERTS/ca.pem" "https://lab.$REGION.batch.azure.com/"
}

# The same port from an address that is not Azure ML's.
break_stranger-comes-in() {
  want 1 inbound-public
  app_packets='tcp port 44224 and host 203.0.113.99'
  app() { azure_inbound 203.0.113.99 44224; }
}

# The tunnel's port, to somebody else.
break_tunnel-to-stranger() {
  want 1 egress-unexplained
  app_packets='udp port 5831 and host 203.0.113.99'
  break_running() { azure_tunnel 203.0.113.99; }
  app() { during client bash -c 'echo >/dev/udp/203.0.113.99/5831'; }
}

# The network security group has no rule for 445: the instance mounts nothing.
break_file-share() {
  want 1 tcp-timeout
  break_it() { router_rule ip daddr 10.20.2.8 tcp dport 445 drop; }
}
