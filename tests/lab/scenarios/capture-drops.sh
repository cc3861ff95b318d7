# The capture loses packets: a small ring, and a bounded flood of DNS questions
# to the VNet's own resolver while vnetprobe is stopped. Never a pass.
want_status=3
want_findings=capture-drops
CHECK_ARGS=(--capture-buffer 2MiB --linger 1s)
app_packets="host $UNBOUND and udp port 53"
app() {
  local peer
  peer=$(lab_tool lab_peer)
  sleep 0.5
  kill -STOP "$CHECK_PID"
  client "$peer" flood "$UNBOUND" 53 40000
  kill -CONT "$CHECK_PID"
}
