# The capture loses packets: a small ring, and a bounded flood of DNS questions
# while vnetprobe is stopped. They go to a private endpoint, which answers none:
# a resolver that is asked by the run as well may well fail at that. Never a pass.
want_status=3
want_findings=capture-drops
CHECK_ARGS=(--capture-buffer 4MiB --linger 1s)
app_packets="host 10.20.2.4 and (udp port 53 or icmp)"
app() {
  local peer
  peer=$(lab_tool lab_peer)
  sleep 0.5
  kill -STOP "$CHECK_PID"
  client "$peer" flood 10.20.2.4 53 40000
  kill -CONT "$CHECK_PID"
}
