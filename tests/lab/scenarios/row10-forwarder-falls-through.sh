# Row 10. dnsmasq has two forwarders, in order: Azure DNS, and a public resolver
# as a spare. Azure's answer to the first questions for a name comes too late
# (here: never), and dnsmasq goes on to the spare when it is asked again: public,
# slowly; later private. Records are expired in every round.
command=dns
row=10
want_status=1
want_first=dns-forwarder-timeout
setup() {
  resolvers "$DNSMASQ"
  DNSMASQ_OPTIONS=$(printf 'strict-order\ncache-size=0\nserver=%s\n' "$PUBLIC_DNS")
  records_expire
}
break_it() {
  first_questions firewall 3 drop iifname dns ip daddr "$AZURE_DNS"
}
