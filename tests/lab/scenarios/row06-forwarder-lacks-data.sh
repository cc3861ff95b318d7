# Row 6. For the registry single names are forwarded, that of the login and the
# privatelink zone; its data endpoint is not among them.
command=dns
row=6
want_status=1
want_first=dns-forwarder-lacks-zone
touches='data resolv.conf unbound dnsmasq'
setup() {
  resolvers "$DNSMASQ"
  forward_to dnsmasq "$PUBLIC_DNS"
  conditional_forwarders "$AZURE_DNS" "${FORWARD_ZONES[@]}" \
    crlab.azurecr.io "crlab.$REGION.data.azurecr.io" privatelink.azurecr.io
  conditional_forwarder_remove azurecr.io
}
break_it() { conditional_forwarder_remove "crlab.$REGION.data.azurecr.io"; }
