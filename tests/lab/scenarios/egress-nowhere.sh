# An application sends UDP to an address where nobody is: attempted is enough.
want_status=1
want_findings=egress-unexplained
app_packets='host 192.0.2.200 and udp'
strays=any
app() {
  during client bash -c 'echo hello >/dev/udp/192.0.2.200/4500'
}
