# The machine has a second interface, by which one public address is reached,
# and the capture was told to watch the first one only.
want_status=3
want_findings=capture-interface-missed
plan_packets='ether proto 0x88b5' # the self-test on one interface
CHECK_ARGS=(--interface eth0)
setup() {
  ip link add eth1 netns client type veth peer name second netns router
  ip -n router -batch - <<END
addr add 10.20.7.1/24 dev second
link set second up
END
  ip -n client -batch - <<END
addr add 10.20.7.4/24 dev eth1
link set eth1 up
END
}
break_it() { ip -n client route add 203.0.113.99 via 10.20.7.1 dev eth1; }
app() { during client bash -c 'echo >/dev/udp/203.0.113.99/443'; }
