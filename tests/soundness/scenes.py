"""What happens in a capture: harmless scenes, and leaks.

A scene is a method of World; it emits packets from its own start time on. A
leak says what the report has to list for it. Addresses are documentation and
private ones: each scene with a public peer has one of its own.
"""
import ipaddress
import random
import struct

from packets import *

HOST, HOST6 = "10.20.1.4", "fd20::4"
RESOLVER, RESOLVER6 = "10.20.0.53", "fd20::53"
CONTAINER = "172.17.0.2"
TARGETS = ("stlab.blob.core.windows.net", "kv-lab.vault.azure.net")
REQUIRED = ("login.microsoftonline.com", "management.azure.com",
            "mcr.microsoft.com", "eastus.api.azureml.ms")
CONFIG = """\
cloud: public
region: eastus
vnet: [10.20.0.0/16, "fd20::/48", 198.51.100.192/26]
resolvers: [%s]
azure_dns: never
storage_accounts:
  - name: stlab
    services: [blob]
key_vaults:
  - name: kv-lab
egress:
  allow:
    - name: "*.allowed.example"
      port: 443
      reason: "by name and port"
    - prefix: 203.0.113.240/28
      port: 123
      reason: "time"
    - prefix: "2001:db8:a::/48"
      reason: "a partner's network"
""" % RESOLVER
START_US = 1760000000 * 1000000
ODD_PORTS = (21, 22, 25, 80, 123, 443, 993, 3128, 4789, 5671, 8080, 9000, 41641,
             61000)


KINDS = ("vxlan", "geneve", "gre", "ipip")


class World:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.events = []    # (time, order, out, IP packet or frame, tags, type)
        self.expected = []  # (class, proto, remote, port)
        self.fails = False  # beside what is listed
        self.told = []      # which scenes, for whom it may concern
        pool = ["203.0.113.%d" % i for i in range(1, 240)] + \
            ["198.51.100.%d" % i for i in range(1, 192)]
        self.random.shuffle(pool)
        self.pool = pool
        self.port = 20000
        self.used6 = 0
        self.now = 0
        self.tags = ()

    # --- means -----------------------------------------------------------

    def begin(self, name):
        self.told.append(name)
        self.now = START_US + self.random.randrange(60 * 1000000)
        self.tags = self.random.choice(
            ((), (), ((0x8100, 100),), ((0x88A8, 7), (0x8100, 0x2064)), "mpls",
             "pppoe"))

    def wait(self, most_us=3000):
        self.now += self.random.randrange(1, most_us)

    def emit(self, out, packet, ethertype=None):
        self.wait()
        self.events.append((self.now, len(self.events), out, packet, self.tags,
                            ethertype))

    def local_port(self):
        self.port += 1
        return self.port

    def public(self, v6=None):
        if v6 is None:
            v6 = self.random.random() < 0.3
        if v6:
            self.used6 += 1
            return "2001:db8:%x::%x" % (self.random.randrange(0x100, 0xFFFF),
                                        self.used6)
        return self.pool.pop()

    def host(self, peer):
        return HOST6 if ":" in peer else HOST

    def leak(self, kind, proto, remote, port):
        self.expected.append((kind, proto, remote, port))

    def send(self, out, peer, proto, payload, **how):
        ends = (self.host(peer), peer) if out else (peer, self.host(peer))
        self.emit(out, ip(*ends, proto, payload, **how))

    def ask(self, name, address, ttl=300, seen=True):
        """The private resolver's answer binds the name to the address. seen:
        the question, without which nobody asked."""
        resolver = self.random.choice((RESOLVER, RESOLVER6))
        port, ident = self.local_port(), self.random.randrange(65536)
        kind = 28 if ":" in address else 1
        chain = ["c%d.%s" % (i, name) for i in range(self.random.randrange(3))]
        if seen:
            self.send(True, resolver, UDP, udp(port, 53, question(ident, name, kind)))
        self.send(False, resolver, UDP,
                  udp(53, port, answer(ident, name, kind, chain, address, ttl)))

    def hello(self, conversation, sni, in_order):
        """In one segment or several, these in any order, some twice. Where the
        connection's start is missing, so is what says where the bytes begin:
        the first segment has to look like a hello, which takes six bytes."""
        data = client_hello(sni, self.random.choice((0, 0, 100, 900, 1800)))
        cuts = sorted({0, len(data)} | {
            self.random.randrange(6 if in_order else 1, len(data))
            for _ in range(self.random.choice((0, 0, 1, 3)))})
        pieces = [(a, data[a:b]) for a, b in zip(cuts, cuts[1:])]
        if not in_order and self.random.random() < 0.4:
            self.random.shuffle(pieces)
        if self.random.random() < 0.3:
            pieces.append(self.random.choice(pieces))
        conversation.say_at(True, pieces, len(data))

    def talk(self, peer, port, sni=None, tls=True, start=True, end=True,
             extensions=(), gap=None):
        """A whole TCP connection from here. gap: whose bytes are missing."""
        c = Conversation(self, peer, port, extensions)
        if start:
            c.open()
        if tls:
            self.hello(c, sni, in_order=not start)
            c.say(False, SERVER_HELLO)
        for _ in range(self.random.randrange(2, 6)):
            c.say(self.random.random() < 0.5,
                  b"d" * self.random.randrange(1, 1200))
        if gap is not None:
            c.say(gap, b"g" * 700, captured=False)
            c.say(not gap, b"a" * 10)
            c.say(gap, b"h" * 300)
        if end:
            c.close()
        return c


class Conversation:
    def __init__(self, world, peer, port, extensions=(), mine=None, inbound=False):
        r = world.random
        self.world, self.peer, self.port = world, peer, port
        self.mine = mine or world.local_port()
        # Also across the end of the sequence space.
        self.seq = {True: r.choice((r.randrange(1 << 32), (1 << 32) - 500)),
                    False: r.randrange(1 << 32)}
        self.how = {"extensions": extensions} if extensions else {}
        self.first = not inbound

    def segment(self, out, flags, data=b"", seq=None, acked=True):
        ports = (self.mine, self.port) if out else (self.port, self.mine)
        self.world.send(out, self.peer, TCP, tcp(
            *ports, self.seq[out] if seq is None else seq,
            self.seq[not out] if acked else 0, flags, data),
            **(self.how if out else {}))

    def open(self):
        self.segment(self.first, SYN, acked=False)
        self.seq[self.first] += 1
        self.segment(not self.first, SYN | ACK)
        self.seq[not self.first] += 1
        self.segment(self.first, ACK)

    def say_at(self, out, pieces, size):
        for at, data in pieces:
            self.segment(out, ACK | PSH, data, self.seq[out] + at)
        self.seq[out] += size
        self.segment(not out, ACK)

    def say(self, out, data, captured=True):
        r = self.world.random
        if captured:
            for _ in range(2 if r.random() < 0.1 else 1):
                self.segment(out, ACK | PSH, data)
        self.seq[out] += len(data)
        if r.random() < 0.7 or not captured:
            self.segment(not out, ACK)

    def close(self):
        if self.world.random.random() < 0.2:
            self.segment(self.world.random.random() < 0.5, RST | ACK)
            return
        for out in (True, False):
            self.segment(out, FIN | ACK)
            self.seq[out] += 1
        self.segment(True, ACK)


# --- harmless ----------------------------------------------------------------

def private_tcp(w):
    peer = w.random.choice(("10.20.2.7", "192.168.9.9", "172.20.1.1", "100.64.3.3",
                            "fd20::2:7", "198.51.100.200", "64:ff9b::a01:203",
                            "::ffff:10.9.8.7", "2002:a14:102::1"))
    w.talk(peer, w.random.choice((22, 443, 445, 8080)),
           w.random.choice((None,) + TARGETS))


def private_dns(w):
    w.ask(w.random.choice(TARGETS), "10.20.2.%d" % w.random.randrange(4, 9))


def private_fragments(w):
    data = udp(w.local_port(), 9999, bytes(w.random.randrange(1500, 9000)))
    for p in fragments(HOST, "10.20.2.9", UDP, data, 1480):
        w.emit(True, p)


def platform(w):
    port = w.local_port()
    w.send(True, "168.63.129.16", UDP, udp(port, 53, question(1, TARGETS[0], 1)))
    w.talk("169.254.169.254", 80, tls=False)
    w.send(True, "168.63.129.16", TCP, tcp(port, 32526, 1, 0, SYN))


def local_chatter(w):
    w.send(True, "224.0.0.251", UDP, udp(5353, 5353, question(0, "x.local", 12)))
    w.send(True, "ff02::fb", UDP, udp(5353, 5353, question(0, "x.local", 12)))
    w.send(True, "255.255.255.255", UDP, udp(68, 67, bytes(240)))
    w.emit(True, ip("fe80::1", "ff02::2", ICMPV6, bytes([133]) + bytes(7)))


def allowed_by_name(w, **how):
    name = "h%d.allowed.example" % w.random.randrange(1000)
    peer = w.public()
    w.ask(name, peer, w.random.choice((10, 300)))
    w.talk(peer, 443, w.random.choice((name, None)), **how)


def allowed_by_prefix(w):
    peer = "203.0.113.%d" % w.random.randrange(240, 255)
    port = w.local_port()
    w.send(True, peer, UDP, udp(port, 123, bytes(48)))
    w.send(False, peer, UDP, udp(123, port, bytes(48)))
    peer = "2001:db8:a::%x" % w.random.randrange(1, 0xFFFF)
    w.talk(peer, w.random.choice((80, 8443)))


def allowed_fragments(w):
    peer = "2001:db8:a::%x" % w.random.randrange(1, 0xFFFF)
    data = udp(w.local_port(), 5000, bytes(w.random.randrange(1500, 5000)))
    pieces = fragments(HOST6, peer, UDP, data, 1400)
    for p in pieces:
        w.emit(True, p)


def required(w):
    name, peer = w.random.choice(REQUIRED), w.public()
    w.ask(name, peer)
    w.talk(peer, 443, name)


def grace(w):
    """Cached a little longer than the TTL: facts.h, VP_BINDING_GRACE_S."""
    peer = w.public()
    w.ask("late.allowed.example", peer, 5)
    w.now += 500 * 1000000
    w.talk(peer, 443, "late.allowed.example")


def scanned(w):
    """SYNs, and datagrams to closed ports; some are answered."""
    for _ in range(w.random.randrange(1, 12)):
        peer = scanner(w)
        mine, theirs = w.random.randrange(1, 1024), w.random.randrange(1024, 65536)
        w.send(False, peer, TCP, tcp(theirs, mine, 5, 0, SYN))
        if w.random.random() < 0.5:
            w.send(True, peer, TCP, tcp(mine, theirs, 0, 6, RST | ACK))
        if w.random.random() < 0.3:
            asked = udp(theirs, mine, b"scan")
            w.send(False, peer, UDP, asked)
            if w.random.random() < 0.5:
                quoted = ip(peer, w.host(peer), UDP, asked)
                w.send(True, peer, ICMPV6 if ":" in peer else ICMP,
                       unreachable(":" in peer, quoted))


def scanner(w):
    if w.random.random() < 0.3:
        return "2001:db8:5:%x::%x" % (w.random.randrange(65536),
                                      w.random.randrange(65536))
    return "192.0.2.%d" % w.random.randrange(1, 255)


def served(w):
    """A public client of a service here."""
    c = Conversation(w, scanner(w), w.local_port(), mine=w.random.choice((22, 443)),
                     inbound=True)
    c.open()
    c.say(False, b"q" * 80)
    c.say(True, b"a" * 900)
    c.close()


def pinged(w):
    peer = scanner(w)
    v6, ident = ":" in peer, w.random.randrange(65536)
    for out in (False, True):
        w.send(out, peer, ICMPV6 if v6 else ICMP, echo(v6, out, ident))


def garbage(w):
    """No IP: nothing to judge. ARP, LLDP, something local, spanning tree. Not
    behind labels or in a session, which do not say what they hold."""
    if isinstance(w.tags, str):
        w.tags = ()
    for kind in (0x0806, 0x88CC, 0x88B5, 38):
        w.emit(False, bytes(w.random.randrange(256) for _ in range(46)), kind)


def flood(w):
    mine = w.random.choice((443, 22, 5000))
    count = w.random.choice((100, 300, 1000, 5000))
    w.tags = ()
    for i in range(count):
        peer = scanner(w)
        w.emit(False, ip(peer, w.host(peer), TCP,
                         tcp(w.random.randrange(1024, 65536), mine, i, 0, SYN)))
        w.now -= 2900 if w.now > START_US + 2900 else 0


def crowd(w, distinct):
    """More spoofed flows than any table takes, each with ports of its own."""
    w.tags = ()
    ports = w.random.randrange(1024, 30000)
    for i in range(distinct):
        peer = ip_of(0x2001 << 112 | 0xDB80006 << 84 | i) if i % 2 else \
            "192.0.2.%d" % (i % 255)
        w.now += 20
        w.events.append((w.now, len(w.events), False, ip(
            peer, w.host(peer), TCP,
            tcp(ports + i % 30000, ports + i // 30000, i, 0, SYN)), (), None))
        if i % 100 == 0:
            w.send(True, peer, TCP, tcp(ports + i // 30000, ports + i % 30000,
                                        0, i + 1, RST | ACK))


def ip_of(number):
    return str(ipaddress.ip_address(number))


def tunnel_private(w):
    inner = ip("10.244.1.2", "10.244.2.2", TCP,
               tcp(w.local_port(), 443, 1, 0, SYN))
    for kind in KINDS:
        w.emit(True, wrapped(kind, (HOST, "10.20.1.9"), inner))


def translated_allowed(w):
    translated(w, "2001:db8:a::%x" % w.random.randrange(1, 65536), False)


def translated(w, peer, leak=True):
    """A container's datagram, before and after NAT."""
    data = bytes(w.random.randrange(256) for _ in range(60))
    source = "fd17::2" if ":" in peer else CONTAINER
    ident, ports = ip_id(), (w.local_port(), w.local_port())
    port = 7777
    w.emit(False, ip(source, peer, UDP, udp(ports[0], port, data)))
    w.emit(True, ip(w.host(peer), peer, UDP, udp(ports[1], port, data)))
    if leak:
        w.leak("unexplained", "udp", peer, port)


def connect(w, name):
    """By a proxy of the VNet: RFC 9110 section 9.3.6."""
    proxy = "10.20.3.%d" % w.random.randrange(1, 255)
    c = Conversation(w, proxy, 3128)
    c.open()
    head = ("CONNECT %s:443 HTTP/1.1\r\nHost: %s:443\r\n\r\n" % (name, name)).encode()
    # Not within the first line: between private ends only a segment that
    # begins with CONN is looked at, live by the kernel's filter already.
    cut = w.random.choice((0, w.random.randrange(head.index(b"\n") + 1, len(head))))
    c.say_at(True, [(at, x) for at, x in ((0, head[:cut]), (cut, head[cut:])) if x],
             len(head))
    c.say(False, b"HTTP/1.1 200 OK\r\n\r\n")
    c.close()
    w.leak("proxied", "tcp", proxy, 3128)


def proxied(w):
    connect(w, "pypi.example")


HARMLESS = (private_tcp, private_dns, private_fragments, platform, local_chatter,
            allowed_by_name, allowed_by_prefix, allowed_fragments, required, grace,
            scanned, served, pinged, garbage, tunnel_private, translated_allowed,
            proxied)


# --- leaks -------------------------------------------------------------------

def target_by_name(w):
    peer, name = w.public(), w.random.choice(TARGETS)
    w.ask(name, peer)
    c = Conversation(w, peer, 443)
    c.segment(True, SYN, acked=False)
    w.leak("leak-target", "tcp", peer, 443)


def target_by_sni(w):
    peer = w.public()
    w.talk(peer, 443, w.random.choice(TARGETS), start=w.random.random() < 0.8)
    w.leak("leak-target", "tcp", peer, 443)


def dns_udp(w):
    peer = w.public()
    for i in range(w.random.randrange(1, 4)):
        w.send(True, peer, UDP, udp(w.local_port(), 53, question(i, TARGETS[0], 1)))
    w.leak("leak-dns", "udp", peer, 53)


def dns_tcp(w):
    peer, port = w.public(), w.random.choice((53, 853))
    c = Conversation(w, peer, port)
    c.open()
    q = question(1, "x.example", 1)
    c.say(True, struct.pack(">H", len(q)) + q)
    c.close()
    w.leak("leak-dns", "tcp", peer, port)


def dns_https(w):
    peer = w.public()
    w.talk(peer, 443, w.random.choice(("dns.google", "cloudflare-dns.com")))
    w.leak("leak-dns", "tcp", peer, 443)


def unexplained_tcp(w):
    peer, port = w.public(), w.random.choice(ODD_PORTS)
    w.talk(peer, port, tls=False)
    w.leak("unexplained", "tcp", peer, port)


def single_syn(w):
    peer, port = w.public(), w.random.choice(ODD_PORTS)
    Conversation(w, peer, port).segment(True, SYN, acked=False)
    w.leak("unexplained", "tcp", peer, port)


def without_start(w):
    peer = w.public()
    c = w.talk(peer, 443, tls=False, start=False, end=False)
    c.say(True, b"m" * w.random.randrange(1, 100))
    w.leak("unexplained", "tcp", peer, 443)


def datagram(w):
    peer, port = w.public(), w.random.choice(ODD_PORTS)
    w.send(True, peer, UDP, udp(w.local_port(), port, b"one"))
    w.leak("unexplained", "udp", peer, port)


def ping(w):
    peer = w.public()
    v6 = ":" in peer
    w.send(True, peer, ICMPV6 if v6 else ICMP, echo(v6, False, 7))
    w.leak("unexplained", "icmpv6" if v6 else "icmp", peer, 0)


def other_protocol(w):
    peer, proto = w.public(), w.random.choice((50, 132, 136))
    w.send(True, peer, proto, b"\x13\x88\x13\x88" + bytes(40))
    # SCTP and UDP-Lite have ports where UDP has them.
    w.leak("unexplained", "proto-%d" % proto, peer, 0 if proto == 50 else 5000)


def extension_headers(w):
    peer = w.public(v6=True)
    padding = b"\x01\x04\0\0\0\0"
    chain = w.random.choice((
        [(0, padding)], [(60, padding)], [(0, padding), (60, padding)],
        [(0, padding), (60, padding + bytes(8)), (43, b"\x04" + bytes(5))]))
    w.talk(peer, 8443, tls=False, extensions=chain)
    w.leak("unexplained", "tcp", peer, 8443)


def fragmented(w):
    peer = w.public()
    data = udp(w.local_port(), 6000, bytes(w.random.randrange(1500, 6000)))
    for p in fragments(w.host(peer), peer, UDP, data, 1400):
        w.emit(True, p)
    w.leak("unexplained", "udp", peer, 6000)


def last_fragment(w):
    """The first one was not seen: whose ports is not known, that it left is."""
    peer = w.public()
    data = udp(w.local_port(), 6000, bytes(3000))
    w.emit(True, fragments(w.host(peer), peer, UDP, data, 1400)[-1])
    w.leak("unexplained", "udp", peer, 0)


def embedded(w):
    """IPv4 inside IPv6: NAT64, 6to4."""
    v4 = w.public(v6=False)
    peer = w.random.choice(("64:ff9b::" + v4,
                            "2002:%02x%02x:%02x%02x::1" % tuple(packed(v4))))
    w.send(True, peer, UDP, udp(w.local_port(), 4500, b"x"))
    w.leak("unexplained", "udp", peer, 4500)


def tunneled(w):
    """Unwrapped at a private peer: who knows where it leaves."""
    peer = w.public()
    source = "fd44::2" if ":" in peer else "10.244.1.2"
    inner = ip(source, peer, TCP, tcp(w.local_port(), 443, 1, 0, SYN))
    if w.random.random() < 0.3:
        inner = wrapped(w.random.choice(KINDS), ("10.244.1.1", "10.244.2.1"), inner)
    w.emit(True, wrapped(w.random.choice(KINDS), (HOST, "10.20.1.9"), inner))
    w.leak("unexplained", "tcp", peer, 443)


def tunnel_out(w):
    peer = w.public(v6=False)
    inner = ip("10.244.1.2", "10.99.1.1", TCP, tcp(w.local_port(), 443, 1, 0, SYN))
    kind, proto, port = w.random.choice((
        ("vxlan", "udp", 4789), ("geneve", "udp", 6081), ("gre", "proto-47", 0),
        ("ipip", "proto-4", 0)))
    w.emit(True, wrapped(kind, (HOST, peer), inner))
    w.leak("unexplained", proto, peer, port)


def claimed_only(w):
    peer = w.public()
    w.talk(peer, 443, "h1.allowed.example")
    w.leak("unexplained", "tcp", peer, 443)


def wrong_port(w):
    peer = w.public()
    w.ask("h2.allowed.example", peer)
    w.talk(peer, 8443, "h2.allowed.example")
    w.leak("unexplained", "tcp", peer, 8443)


def answered_later(w):
    peer = w.public()
    w.talk(peer, 443, "h3.allowed.example")
    w.ask("h3.allowed.example", peer)
    w.leak("unexplained", "tcp", peer, 443)


def expired(w):
    peer = w.public()
    w.ask("h4.allowed.example", peer, 20)
    w.now += 700 * 1000000
    w.talk(peer, 443, "h4.allowed.example")
    w.leak("unexplained", "tcp", peer, 443)


def never_asked(w):
    """An answer that nobody asked for binds nothing."""
    peer = w.public()
    w.ask("h5.allowed.example", peer, seen=False)
    w.talk(peer, 443, "h5.allowed.example")
    w.leak("unexplained", "tcp", peer, 443)


def proxied_target(w):
    connect(w, w.random.choice(TARGETS))
    w.fails = True


def translated_leak(w):
    translated(w, w.public())


LEAKS = (target_by_name, target_by_sni, dns_udp, dns_tcp, dns_https,
         unexplained_tcp, single_syn, without_start, datagram, ping,
         other_protocol, extension_headers, fragmented, last_fragment, embedded,
         tunneled, tunnel_out, claimed_only, wrong_port, answered_later, expired,
         never_asked, proxied_target, translated_leak)
