"""endless_header.py ADDRESS PORT CERTIFICATE KEY - a TLS server whose answer has
a header that never ends."""

import socket
import ssl
import sys
import threading


def serve(raw, context):
    try:
        with context.wrap_socket(raw, server_side=True) as tls:
            tls.recv(65536)
            tls.sendall(b"HTTP/1.1 200 OK\r\n")
            while True:
                tls.sendall(b"X-More: " + b"and so on " * 1600 + b"\r\n")
    except OSError:
        pass  # the client has had enough


def main():
    address, port, certificate, key = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server((address, int(port)))
    while True:
        raw, _ = listener.accept()
        threading.Thread(target=serve, args=(raw, context), daemon=True).start()


main()
