# Row 30: both servers give the compute instance's own address for its name,
# instead of that of the workspace's private endpoint.
command=dns
row=30
touches='instances unbound dnsmasq'
want_first=dns-instance-address
want_status=1
break_it() {
  UNBOUND_SERVER="  local-data: \"ci-one.$REGION.instances.azureml.ms. A 10.20.1.77\""
  DNSMASQ_OPTIONS="address=/ci-one.$REGION.instances.azureml.ms/10.20.1.77"
}
