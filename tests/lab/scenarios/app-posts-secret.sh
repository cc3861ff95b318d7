# An application posts a password in plain HTTP to a public address. That is
# reported, with the host it named; the password is not in the evidence, which
# tests/lab/evidence looks for.
want_status=1
want_findings=egress-unexplained
app_packets='host 203.0.113.9 and tcp port 8080'
running() {
  in_ns pub python3 -c '
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"your password is hunter2")
http.server.HTTPServer(("203.0.113.9", 8080), Handler).serve_forever()
' >/dev/null 2>&1 </dev/null &
  until in_ns pub ss -Hltn | grep -q 203.0.113.9:8080; do sleep 0.05; done
}
app() {
  during client curl -s -m 1 -d "user=ml&password=hunter2" http://203.0.113.9:8080/login
}
