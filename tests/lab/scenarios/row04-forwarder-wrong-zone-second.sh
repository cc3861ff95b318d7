# Row 4 at the second server only; the first one is right. That they disagree is
# no finding of its own.
command=dns
row=4
want_status=1
want_first=dns-forwarder-wrong-zone
break_it() {
  DNSMASQ_OPTIONS=$(printf "server=/%s/$AZURE_DNS\n" "${PRIVATELINK_ZONES[@]}")
  forward_to dnsmasq "$PUBLIC_DNS"
}
