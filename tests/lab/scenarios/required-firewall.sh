# The same behind a firewall, whose application rules have no line for the
# registry of Microsoft's images: it takes the connection and closes it.
want_status=1
want_findings=tls-failed
want_count=1
CHECK_ARGS=(--probe-required)
plan_packets=$REQUIRED_PACKETS
setup() {
  azure_required
  lab_firewall
  firewall_app 'allow management.azure.com' 'allow login.microsoftonline.com' \
    'allow ml.azure.com' 'allow mcr.microsoft.com' 'allow *.api.azureml.ms'
}
running() { firewall_start; }
break_it() { sed -i /mcr/d "$FIREWALL_RULES"; }
