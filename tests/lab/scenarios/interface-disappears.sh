# A second interface is taken away during the run: what the routes looked like
# before is no longer true, so the run proves nothing.
want_status=3
want_findings=state-changed
CHECK_ARGS=(--linger 1s)
setup() {
  ip link add eth1 netns client type veth peer name spare netns router
  ip -n client addr add 10.20.9.4/24 dev eth1
  ip -n client link set eth1 up
  ip -n router link set spare up
}
app() {
  sleep 0.5
  ip -n client link del eth1
}
