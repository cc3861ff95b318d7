#!/usr/bin/env python3
"""sni_firewall.py - a firewall's application rules, for the lab.

    sni_firewall.py PORT SOURCE DNS RULES CERTIFICATES

Takes connections that the namespace redirects to PORT, whatever their
destination was. The server name of the ClientHello alone decides: RULES has
lines "allow PATTERN" and "inspect PATTERN KIND"; the first that fits counts,
none means a reset. The name is then looked up anew at the server DNS, and a new
connection leaves from SOURCE to the address found, as Azure Firewall does. An
inspected one is opened: the client gets CERTIFICATES/inspected/KIND.pem, the
server is verified against CERTIFICATES/ca.pem.
"""
import fnmatch
import select
import socket
import ssl
import struct
import sys
import threading
import time

PATIENCE = 3.0


def server_name(hello):
    """The server name of a ClientHello record (RFC 8446, RFC 6066), or None."""
    at = 5 + 4 + 2 + 32
    at += 1 + hello[at]
    at += 2 + int.from_bytes(hello[at:at + 2], "big")
    at += 1 + hello[at]
    end = at + 2 + int.from_bytes(hello[at:at + 2], "big")
    at += 2
    while at + 4 <= end:
        kind, length = struct.unpack("!HH", hello[at:at + 4])
        if kind == 0:
            return hello[at + 9:at + 4 + length].decode("ascii").lower()
        at += 4 + length
    return None


def peek_hello(connection):
    """The whole first record, which stays in the socket's buffer."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        data = connection.recv(16384, socket.MSG_PEEK)
        if not data:
            return b""
        if len(data) >= 5 and len(data) >= 5 + int.from_bytes(data[3:5], "big"):
            return data
        time.sleep(0.005)
    return b""


def skip_name(data, at):
    while data[at] != 0:
        if data[at] >= 0xC0:
            return at + 2
        at += 1 + data[at]
    return at + 1


def look_up(server, source, name):
    """The first A record; the firewall asks for itself (RFC 1035)."""
    labels = b"".join(bytes([len(x)]) + x.encode() for x in name.split("."))
    query = b"\x52\x10\x01\x00\x00\x01" + bytes(6) + labels + b"\x00\x00\x01\x00\x01"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((source, 0))
        s.settimeout(PATIENCE)
        s.sendto(query, (server, 53))
        data = s.recv(4096)
    at = skip_name(data, 12) + 4
    for _ in range(int.from_bytes(data[6:8], "big")):
        at = skip_name(data, at)
        kind, _, _, length = struct.unpack("!HHIH", data[at:at + 10])
        if kind == 1:
            return socket.inet_ntoa(data[at + 10:at + 14])
        at += 10 + length
    raise OSError("no address of " + name)


class Firewall:
    def __init__(self, source, dns, rules, certificates):
        self.source, self.dns, self.certificates = source, dns, certificates
        with open(rules, encoding="ascii") as f:
            self.rules = [line.split() for line in f if line.strip()]

    def rule_of(self, name):
        for rule in self.rules:
            if name and fnmatch.fnmatchcase(name, rule[1]):
                return rule
        return None

    def upstream(self, name):
        return socket.create_connection((look_up(self.dns, self.source, name), 443),
                                        PATIENCE, (self.source, 0))

    def opened(self, connection, name, kind):
        ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ours.load_cert_chain(f"{self.certificates}/inspected/{kind}.pem",
                             f"{self.certificates}/key.pem")
        theirs = ssl.create_default_context(cafile=f"{self.certificates}/ca.pem")
        up = theirs.wrap_socket(self.upstream(name), server_hostname=name)
        return ours.wrap_socket(connection, server_side=True), up

    def serve(self, connection):
        connection.settimeout(PATIENCE)
        ends = [connection]
        try:
            name = server_name(peek_hello(connection))
            rule = self.rule_of(name)
            if rule is None:
                raise OSError("no rule for it")
            if rule[0] == "inspect":
                ends = list(self.opened(connection, name, rule[2]))
            else:
                ends.append(self.upstream(name))
            splice(*ends)
        except (OSError, IndexError, ValueError):
            # As a firewall denies: a reset.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                  struct.pack("ii", 1, 0))
        finally:
            for end in ends:
                end.close()


def received(end):
    """What has come; None if that was TLS's own (a ticket), nothing to pass on."""
    end.settimeout(0)
    try:
        return end.recv(65536)
    except (ssl.SSLWantReadError, BlockingIOError):
        return None
    finally:
        end.settimeout(PATIENCE)


def splice(a, b):
    other = {a: b, b: a}
    while True:
        ready = [s for s in other if isinstance(s, ssl.SSLSocket) and s.pending()]
        ready = ready or select.select([a, b], [], [], PATIENCE)[0]
        if not ready:
            return
        for s in ready:
            data = received(s)
            if data == b"":
                return
            if data:
                other[s].sendall(data)


def main():
    port, source, dns, rules, certificates = sys.argv[1:]
    firewall = Firewall(source, dns, rules, certificates)
    listener = socket.create_server(("0.0.0.0", int(port)), backlog=128)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=firewall.serve, args=(connection,), daemon=True).start()


main()
