# A tunnel to a public peer, the same UDP port at both ends, is older than the
# check, and the first packet to be captured is the peer's: still egress.
want_status=1
want_findings=egress-unexplained
app_packets='host 203.0.113.99 and udp port 51820'
CHECK_ARGS=(--linger 500ms)
break_it() {
  # A pair of packets every 50 ms, the peer's first.
  ip netns exec client python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.20.1.4", 51820))
open("/run/lab/tunnel", "w").close()
while True:
    s.sendto(s.recvfrom(100)[0], ("203.0.113.99", 51820))
' 2>/dev/null &
  until [ -e /run/lab/tunnel ]; do sleep 0.02; done # or it is refused
  ip netns exec pub python3 -c '
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("203.0.113.99", 51820))
while True:
    s.sendto(b"tunnel", ("10.20.1.4", 51820))
    time.sleep(0.05)
' 2>/dev/null &
}
