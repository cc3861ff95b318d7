# net.sh - namespaces, links, routes and the router's rules.
#
#                 client 10.20.1.4, fd20:0:0:1::4        (vnetprobe runs here)
#                    |eth0
#                 [delay]  only with lab_rtt: a bridge that holds packets back
#                    |client
#   dns ---------- router -------------- azure
#   10.20.0.53     10.20.x.1             168.63.129.16  Azure DNS (BIND, views)
#   unbound      /   |                   169.254.169.254  IMDS, if a scenario
#   10.20.0.54  pe   |internet                          serves it
#               |    |                   203.0.113.53   a public resolver
#   dnsmasq    10.20.2.x                 pub
#   10.20.0.55 private endpoints         198.51.100.x, 203.0.113.x,
#   BIND       (nginx, TCP 445)          2001:db8:20::x  public front ends
#                                        (nginx); anything else ends here,
#                                        unanswered and counted
#
# The client's packets are captured in the router, on its side of the client's
# link. Towards public addresses the router translates VNet sources to
# 198.51.100.200, as Azure's outbound access does, unless the destination has a
# service endpoint (lab_service_endpoint).

LAB_NAMESPACES="client router dns pe azure pub"
CLIENT=10.20.1.4 CLIENT6=fd20:0:0:1::4
UNBOUND=10.20.0.53 UNBOUND6=fd20::53 DNSMASQ=10.20.0.54 BIND=10.20.0.55
AZURE_DNS=168.63.129.16 IMDS=169.254.169.254 PUBLIC_DNS=203.0.113.53 VNET_NAT=198.51.100.200

in_ns() { # in_ns NAMESPACE COMMAND... - quick; keeps this mount namespace
  nsenter --net="/run/netns/$1" -- "${@:2}"
}

lab_topology() {
  local ns
  for ns in $LAB_NAMESPACES; do
    ip netns add "$ns"
    # No address detection delay, no router discovery: nothing but what is
    # asked for travels on these links.
    in_ns "$ns" sh -c 'cd /proc/sys/net/ipv6/conf
      for i in all default; do
        echo 0 >$i/accept_dad; echo 0 >$i/accept_ra; echo 0 >$i/router_solicitations
      done'
  done
  in_ns router sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
    echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
    echo 0 >/proc/sys/net/ipv4/icmp_ratelimit' # every reject is heard

  ip -batch - <<END
link add eth0 netns client type veth peer name client netns router
link add eth0 netns dns type veth peer name dns netns router
link add eth0 netns pe type veth peer name pe netns router
link add eth0 netns azure type veth peer name azure netns router
link add eth0 netns pub type veth peer name internet netns router
END

  ip -n router -batch - <<END
link set lo up
link set client up
link set dns up
link set pe up
link set azure up
link set internet up
addr add 10.20.1.1/24 dev client
addr add 10.20.0.1/24 dev dns
addr add 10.20.2.1/24 dev pe
addr add fd20:0:0:1::1/64 dev client nodad
addr add fd20::1/64 dev dns nodad
addr add fd20:0:0:2::1/64 dev pe nodad
addr add 192.0.2.1/30 dev azure
addr add 192.0.2.5/30 dev internet
addr add 2001:db8:ffff::1/64 dev internet nodad
route add $AZURE_DNS via 192.0.2.2
route add $IMDS via 192.0.2.2
route add 203.0.113.53 via 192.0.2.2
route add default via 192.0.2.6
route add default via 2001:db8:ffff::2
END
  ip -n client -batch - <<END
link set lo up
link set eth0 up
addr add $CLIENT/24 dev eth0
addr add $CLIENT6/64 dev eth0 nodad
route add default via 10.20.1.1
route add default via fd20:0:0:1::1
END
  ip -n dns -batch - <<END
link set lo up
link set eth0 up
addr add $UNBOUND/24 dev eth0
addr add $DNSMASQ/24 dev eth0
addr add $BIND/24 dev eth0
addr add fd20::53/64 dev eth0 nodad
route add default via 10.20.0.1
route add default via fd20::1
END
  {
    echo "link set lo up"
    echo "link set eth0 up"
    for n in $(seq 4 30); do echo "addr add 10.20.2.$n/24 dev eth0"; done
    echo "addr add fd20:0:0:2::4/64 dev eth0 nodad"
    echo "route add default via 10.20.2.1"
    echo "route add default via fd20:0:0:2::1"
  } | ip -n pe -batch -
  ip -n azure -batch - <<END
link set lo up
link set eth0 up
addr add 192.0.2.2/30 dev eth0
addr add $AZURE_DNS/32 dev lo
addr add $IMDS/32 dev lo
addr add $PUBLIC_DNS/32 dev lo
route add default via 192.0.2.1
END
  {
    echo "link set lo up"
    echo "link set eth0 up"
    echo "addr add 192.0.2.6/30 dev eth0"
    echo "addr add 2001:db8:ffff::2/64 dev eth0 nodad"
    for n in $(seq 10 13) ; do echo "addr add 198.51.100.$n/32 dev lo"; done
    for n in 9 $(seq 20 40) 99; do
      echo "addr add 203.0.113.$n/32 dev lo"
      echo "addr add 2001:db8:20::$n/128 dev lo nodad"
    done
    echo "route add default via 192.0.2.5"
    echo "route add default via 2001:db8:ffff::1"
  } | ip -n pub -batch -

  in_ns router nft -f - <<END
table inet lab {
  set service_endpoints { type ipv4_addr
  }
  counter questions { }
  chain first_question { # tells applications that the check is under way
    type filter hook prerouting priority -10;
    iifname "client" udp dport 53 counter name questions
  }
  chain firewall { # scenarios add rules: router_rule
    type filter hook forward priority 0; policy accept;
  }
  chain divert { # scenarios add rules: router_divert
    type nat hook prerouting priority -100;
  }
  chain outbound {
    type nat hook postrouting priority 100;
    ip saddr 10.20.0.0/16 ip daddr != { 10.20.0.0/16, $AZURE_DNS, $IMDS } ip daddr != @service_endpoints snat ip to $VNET_NAT
  }
}
END
  in_ns pub nft -f - <<END
table inet lab {
  counter strays { }
  chain rest_of_the_internet {
    type filter hook prerouting priority 0;
    iifname "eth0" meta l4proto != icmpv6 fib daddr type != local counter name strays drop
  }
}
END
  lab_prove_closed
}

# Every device that the lab has is one whose other end it made itself.
lab_prove_closed() {
  local ns bad
  # shellcheck disable=SC2086 # one argument for each namespace
  bad=$(for ns in $LAB_NAMESPACES; do ip -n "$ns" -j -d link || exit; done |
    jq -rn '[inputs] | if length != ($ARGS.positional | length) then "a namespace unseen" else
      to_entries[] | $ARGS.positional[.key] as $ns | .value[] | select(.ifname != "lo") |
      select((.linkinfo.info_kind // "none") | IN("veth", "bridge", "tun") | not) |
      "\($ns): \(.ifname)" end' --args $LAB_NAMESPACES) || bad="something that cannot be read"
  [ -z "$bad" ] || {
    echo "lab: there is $bad, which leads elsewhere: refusing to send" >&2
    exit 1
  }
}

# lab_rtt MILLISECONDS - a round trip from the client to anybody takes this
# long. A TAP bridge between client and router: lab_delay holds the frames.
# Neighbours are told beforehand, because Azure's network answers ARP at once.
lab_rtt() {
  local client_mac router_mac
  ip netns add delay
  ip -n delay link set lo up
  in_ns delay sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6
    echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6'
  client_mac=$(ip -n client -j link show eth0 | jq -r '.[0].address')
  router_mac=$(ip -n router -j link show client | jq -r '.[0].address')
  ip -n client link del eth0
  ip link add eth0 netns client address "$client_mac" type veth peer name left netns delay
  ip link add client netns router address "$router_mac" type veth peer name right netns delay
  ip -n delay -batch - <<END
tuntap add dev tap-left mode tap
tuntap add dev tap-right mode tap
link add br-left type bridge forward_delay 0 mcast_snooping 0
link add br-right type bridge forward_delay 0 mcast_snooping 0
link set left master br-left up
link set tap-left master br-left up
link set right master br-right up
link set tap-right master br-right up
link set br-left up
link set br-right up
END
  ip -n client -batch - <<END
link set eth0 up
addr add $CLIENT/24 dev eth0
addr add $CLIENT6/64 dev eth0 nodad
route add default via 10.20.1.1
route add default via fd20:0:0:1::1
neigh replace 10.20.1.1 lladdr $router_mac nud permanent dev eth0
neigh replace fd20:0:0:1::1 lladdr $router_mac nud permanent dev eth0
END
  ip -n router -batch - <<END
link set client up
addr add 10.20.1.1/24 dev client
addr add fd20:0:0:1::1/64 dev client nodad
neigh replace $CLIENT lladdr $client_mac nud permanent dev client
neigh replace $CLIENT6 lladdr $client_mac nud permanent dev client
END
  LAB_NAMESPACES="$LAB_NAMESPACES delay" lab_prove_closed
  local tool
  tool=$(lab_tool lab_delay)
  nsenter --net=/run/netns/delay -- "$tool" tap-left tap-right "$1" &
  LAB_DELAY_PID=$!
  local n=0
  until [ "$(ip -n delay -j link show tap-right | jq -r '.[0].operstate')" = UP ] ||
    [ $((n += 1)) -gt 50 ]; do sleep 0.02; done
}

# router_rule NFT... - a rule of the firewall that all packets pass
router_rule() { in_ns router nft insert rule inet lab firewall "$@"; }
# router_divert NFT... - destination translation before routing
router_divert() { in_ns router nft add rule inet lab divert "$@"; }
# first_questions CHAIN COUNT VERDICT MATCH... - of the DNS questions over UDP that
# match, the first COUNT (from sockets of their own) about each name get the
# verdict. A name is known by some of its bytes: by the first 20 after the DNS
# header, in long questions by 16 + 16 further on, where workspaces differ.
first_questions() {
  local chain=$1 count=$2 verdict=$3
  local meter="limit rate 1/day burst $count packets"
  shift 3
  in_ns router nft insert rule inet lab "$chain" "$*" udp dport 53 ct state new udp length \<= 90 \
    meter "short-$chain" "{ @th,160,128 . @th,288,32 $meter }" "$verdict"
  in_ns router nft insert rule inet lab "$chain" "$*" udp dport 53 ct state new udp length \> 90 \
    meter "long-$chain" "{ @th,288,128 . @th,528,128 $meter }" "$verdict"
}
# lab_service_endpoint ADDRESS... - keep the private source towards these
lab_service_endpoint() {
  local IFS=,
  in_ns router nft add element inet lab service_endpoints "{ $* }"
}
lab_counter() { # NAMESPACE NAME
  local text
  text=$(in_ns "$1" nft list counter inet lab "$2")
  [[ $text =~ packets\ ([0-9]+) ]] && echo "${BASH_REMATCH[1]}"
}
lab_strays() { lab_counter pub strays; }

# during COMMAND... - what an application does while the check runs: from the
# check's first question on (its capture is armed by then), APP_ROUNDS times and
# not into the end of the check, so that each connection is captured whole.
during() {
  local i
  while kill -0 "$CHECK_PID" 2>/dev/null && [ "$(lab_counter router questions)" = 0 ]; do
    sleep 0.01
  done
  for ((i = 0; i < ${APP_ROUNDS:-3}; i++)); do
    kill -0 "$CHECK_PID" 2>/dev/null || return 0
    "$@" >/dev/null 2>&1 || true
  done
}
