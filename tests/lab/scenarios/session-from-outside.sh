# An administrator came in over the machine's public address before the check
# began: the answers to that session are told of, and are no egress of ours.
want_status=0
want_findings=inbound-public
app_packets='host 203.0.113.99 and tcp port 22'
CHECK_ARGS=(--linger 500ms)
break_it() {
  ip netns exec client python3 -c '
import socket, time
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("10.20.1.4", 22))
s.listen()
c, _ = s.accept()
open("/run/lab/session", "w").close()
while True:
    c.send(b"output")
    time.sleep(0.05)
' 2>/dev/null &
  ip netns exec pub python3 -c '
import socket, time
while True:
    s = socket.socket()
    s.bind(("203.0.113.99", 50123))
    try:
        s.connect(("10.20.1.4", 22))
    except OSError:
        time.sleep(0.05)
        continue
    while s.recv(1000):
        pass
' 2>/dev/null &
  until [ -e /run/lab/session ]; do sleep 0.05; done
}
