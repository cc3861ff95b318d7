# Row 23: systemd-resolved with a VPN whose link has blob.core.windows.net routed
# to the company's server, which resolves on the Internet. Its stub (dnsmasq
# plays it) answers otherwise than the servers of the VNet. In the twin the VPN
# has its own domain only.
command=dns
row=23
touches='blob file resolv.conf'
want_first=dns-stub-scope
want_status=1
SCOPE=corp.example
setup() {
  stub_resolver
  forward_to bind "$PUBLIC_DNS"
  vpn_link
}
break_it() {
  SCOPE=blob.core.windows.net
  vpn_link
}
# The files that systemd-networkd and systemd-resolved keep of their links. The
# servers of all links stand in resolv.conf, whatever they are for.
vpn_link() {
  local eth0 tun0
  [ -n "$(ip -n client link show tun0 2>/dev/null)" ] || {
    ip link add tun0 netns client type veth peer name vpn netns router
    ip -n client link set tun0 up
    ip -n router link set vpn up
  }
  eth0=$(ip -n client -j link show eth0 | jq '.[0].ifindex')
  tun0=$(ip -n client -j link show tun0 | jq '.[0].ifindex')
  mkdir -p /run/systemd/netif/links /run/systemd/resolve/netif
  printf '%s\n' '# This is private data. Do not parse.' ADMIN_STATE=configured \
    OPER_STATE=routable "DNS=$UNBOUND $DNSMASQ" DOMAINS=reddog.microsoft.com \
    >"/run/systemd/netif/links/$eth0"
  printf '%s\n' '# This is private data. Do not parse.' ADMIN_STATE=unmanaged \
    OPER_STATE=routable >"/run/systemd/netif/links/$tun0"
  printf '%s\n' '# This is private data. Do not parse.' DEFAULT_ROUTE=no \
    "SERVERS=$BIND" "DOMAINS=~$SCOPE" >"/run/systemd/resolve/netif/$tun0"
  resolvers "$UNBOUND" "$DNSMASQ" "$BIND"
  mv /etc/resolv.conf /run/systemd/resolve/resolv.conf
  printf 'nameserver 127.0.0.53\noptions edns0 trust-ad\n' >/etc/resolv.conf
  STUB_ROUTES=(--server="$UNBOUND" --server="$DNSMASQ" --server="/$SCOPE/$BIND")
}
