# Both resolvers give the compute instance's own address for its name, instead
# of that of the workspace's private endpoint: nobody listens there.
want_status=1
want_findings=dns-instance-address
break_it() {
  UNBOUND_SERVER="  local-data: \"ci-one.$REGION.instances.azureml.ms. A 10.20.1.77\""
  DNSMASQ_OPTIONS="address=/ci-one.$REGION.instances.azureml.ms/10.20.1.77"
}
