# Row 12, the other form: the old server does not exist any more.
command=dns
row=12
want_status=1
want_first=dns-servers-outdated
setup() {
  printf 'vnet_dns: [%s, %s]\n' "$UNBOUND" "$DNSMASQ" >>/run/lab/vnetprobe.yaml
}
break_it() {
  resolvers "$BIND"
  router_rule ip daddr "$BIND" drop
}
