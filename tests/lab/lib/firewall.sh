# firewall.sh - a firewall in the VNet, with a namespace and an address of its
# own, to which the client's subnet has a route for all that is not in the VNet.
#
#     client ---- router ---- pub
#                   |
#                   fw 10.20.3.4
#
# Network rules let packets pass (to public addresses with the firewall's own as
# source). Application rules go by the server name: tools/sni_firewall.py takes
# the connection and makes another, from the firewall's address to wherever the
# firewall's own DNS says that the name is.
#
#   lab_firewall                in setup: namespace, links, routes
#   firewall_app RULE...        application rules: allow PATTERN, inspect PATTERN KIND
#   firewall_opens KIND...      inspect our own names of these kinds
#   firewall_takes PREFIX       whose port 443 goes by application rules; by
#                               default everything but private addresses
#   firewall_route_private      the private endpoints' subnet goes there as well
#   firewall_start              in running

FIREWALL=10.20.3.4 FIREWALL_PUBLIC=198.51.100.201
FIREWALL_RULES=/run/lab/firewall.rules
FIREWALL_DNS=$AZURE_DNS
FIREWALL_TAKES='ip daddr != { 10.0.0.0/8, 168.63.129.16, 169.254.0.0/16 }'

lab_firewall() {
  LAB_NAMESPACES+=' fw'
  ip netns add fw
  ip -n fw link set lo up
  ip link add eth0 netns fw type veth peer name fw netns router
  ip -n fw -batch - <<END
link set eth0 up
addr add $FIREWALL/24 dev eth0
route add default via 10.20.3.1
END
  ip -n router -batch - <<END
link set fw up
addr add 10.20.3.1/24 dev fw
rule add iif client lookup 100
route add 10.20.0.0/24 dev dns table 100
route add 10.20.2.0/24 dev pe table 100
route add $AZURE_DNS via 192.0.2.2 table 100
route add $IMDS via 192.0.2.2 table 100
route add default via $FIREWALL table 100
END
  local ns
  for ns in fw router; do
    in_ns $ns sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
      for i in /proc/sys/net/ipv4/conf/*; do
        echo 0 >$i/send_redirects; echo 0 >$i/rp_filter
      done'
  done
  # The router meets these packets twice; what goes to the firewall is not
  # translated yet, what comes from it gets the firewall's public address.
  in_ns router nft -f - <<END
insert rule inet lab outbound ip saddr $FIREWALL ip daddr != { 10.20.0.0/16, $AZURE_DNS } snat ip to $FIREWALL_PUBLIC
insert rule inet lab outbound oifname "fw" accept
END
  : >"$FIREWALL_RULES"
  lab_prove_closed
}

firewall_app() { printf '%s\n' "$@" >>"$FIREWALL_RULES"; }
# firewall_opens KIND... - our own names of these kinds are inspected
firewall_opens() {
  local kind name
  for kind in "$@"; do
    for name in $(azure_names "$kind"); do firewall_app "inspect $name $kind"; done
  done
}
firewall_takes() { FIREWALL_TAKES="ip daddr $1"; }
firewall_route_private() {
  ip -n router route replace 10.20.2.0/24 via "$FIREWALL" table 100
}

firewall_start() {
  in_ns fw nft -f - <<END
table inet lab {
  chain applications {
    type nat hook prerouting priority -100;
    iifname "eth0" ip saddr 10.20.1.0/24 tcp dport 443 $FIREWALL_TAKES redirect to :8443
  }
  chain networks { # scenarios add rules: firewall_rule
    type filter hook forward priority 0; policy accept;
  }
  chain outbound {
    type nat hook postrouting priority 100;
    ip daddr != { 10.0.0.0/8, 168.63.129.16 } snat ip to $FIREWALL
  }
}
END
  in_ns fw python3 "$LAB_DIR/tools/sni_firewall.py" 8443 "$FIREWALL" "$FIREWALL_DNS" \
    "$FIREWALL_RULES" "$LAB_CERTS" >/run/lab/firewall.log 2>&1 </dev/null &
  until in_ns fw ss -Hltn | grep -q :8443; do sleep 0.02; done
}

# firewall_rule NFT... - a network rule
firewall_rule() { in_ns fw nft insert rule inet lab networks "$@"; }
