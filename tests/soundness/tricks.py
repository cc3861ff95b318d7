"""Tricks: each function yields the cases of one. See ./hostile."""
import random
import struct

import scenes
from packets import *
from packets import frame as link_frame

HOST, PEER = scenes.HOST, "203.0.113.9"
OTHER = "203.0.113.10"
TARGET = scenes.TARGETS[0]
ALLOWED = "h1.allowed.example"
NOT_PASS = ("inconclusive", "fail", "leak")


class Case:
    def __init__(self, name, data, flows=(), findings=(), verdicts=(), config=None,
                 no_findings=(), exit_status=None):
        self.name, self.bytes = name, data
        self.flows, self.findings, self.verdicts = flows, findings, verdicts
        self.config = config or scenes.CONFIG
        self.no_findings = no_findings
        self.exit_status = exit_status


# --- means -------------------------------------------------------------------

class Film(scenes.World):
    """A world in which everything happens in the order it is written."""

    def __init__(self):
        super().__init__(1)
        self.now = scenes.START_US
        self.tags = ()

    def plain_ask(self, name, address, ttl=300):
        port, ident = self.local_port(), 77
        self.send(True, scenes.RESOLVER, UDP, udp(port, 53, question(ident, name, 1)))
        self.send(False, scenes.RESOLVER, UDP,
                  udp(53, port, answer(ident, name, 1, (), address, ttl)))

    def connect(self, peer, port=443, mine=None):
        c = scenes.Conversation(self, peer, port, mine=mine)
        c.open()
        return c

    def visit(self, peer, name, port=443):
        c = self.connect(peer, port)
        c.say(True, client_hello(name, 0))
        c.say(False, SERVER_HELLO)
        c.say(True, b"d" * 100)
        c.say(False, b"e" * 100)
        return c

    def records(self, link=ETHERNET, cap=1 << 16):
        return [(t, link_frame(link, data, out, tags, kind), 0, None, cap)
                for t, _, out, data, tags, kind in self.events]

    def pcap(self, link=ETHERNET, cap=1 << 16):
        return b"".join(pcap(link, self.records(link, cap), "<", False))

    def pcapng(self, link=ETHERNET, comments=(), told=False):
        """Comments stand in the section's header."""
        options = b"".join(option("<", 1, x.encode()) for x in comments)
        out = block("<", 0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) +
                    options)
        out += block("<", 1, struct.pack("<HHI", link, 0, 0))
        for (t, data, _, _, _), e in zip(self.records(link), self.events):
            body = struct.pack("<5I", 0, t >> 32, t & 0xFFFFFFFF, len(data),
                               len(data)) + data
            body += bytes(-len(body) % 4)
            if told:
                body += option("<", 2, struct.pack("<I", 2 if e[2] else 1))
            out += block("<", 6, body)
        return out


def leak_film():
    f = Film()
    f.visit(PEER, None)
    return f


# --- notes in a file that somebody hands over --------------------------------

NOTES = {
    "local-peer": ["local " + PEER],
    "local-both": ["local " + PEER, "local " + HOST],
    "vnet-public": ["vnet 203.0.113.0/24"],
    "vnet-public-host": ["vnet 203.0.113.9/32"],
    "own": ["own tcp %s:20001 %s:443" % (HOST, PEER)],
    "own-turned": ["own tcp %s:443 %s:20001" % (PEER, HOST)],
    "resolver": ["resolver %s:443" % PEER],
    "all": ["all-interfaces"],
    "loopback": ["interface 2 eth0 loopback", "local " + PEER, "local " + HOST],
    "inner": ["interface 2 eth0 inner", "all-interfaces"],
    "entry": ["interface 2 eth0 entry", "all-interfaces"],
}


def notes():
    """What a file says of its machine is no excuse."""
    for name, lines in NOTES.items():
        for link in (ETHERNET, SLL2):
            film = leak_film()
            yield Case("notes-%s-%d" % (name, link), film.pcapng(
                link, ["vnetprobe: " + x for x in lines]), verdicts=NOT_PASS)


def excused_by_roles():
    """Roles of interfaces by the file's word: forwarded, or never left."""
    for name, lines in (("forwarded", ["interface 2 eth0 exit"]),
                        ("nowhere", ["interface 2 eth0 exit", "all-interfaces"]),
                        ("silent", ["all-interfaces"])):
        f = Film()
        for i in range(3):
            f.emit(False, ip("10.20.1.77", PEER, TCP, tcp(
                5000, 443, 1 + 10 * i, 1, ACK, b"x" * 10)))
        yield Case("roles-" + name, f.pcapng(
            SLL2, ["vnetprobe: local " + HOST] + ["vnetprobe: " + x for x in lines]),
            verdicts=NOT_PASS)


def turned_by_note():
    """Which of two public ends is ours, by the file's word alone."""
    f = Film()
    for i in range(3):
        f.emit(True, ip(OTHER, PEER, TCP, tcp(5000, 443, 1 + 10 * i, 1, ACK,
                                              b"x" * 10)))
    f.emit(True, ip(OTHER, PEER, UDP, udp(5000, 6000, b"x")))
    yield Case("turned-by-note", f.pcapng(ETHERNET, ["vnetprobe: local " + PEER]),
               verdicts=NOT_PASS)


def vnet_note():
    """A public VNet by the file's word alone, without one of the user's."""
    config = "".join(x for x in scenes.CONFIG.splitlines(True)
                     if not x.startswith("vnet:"))
    for name, prefix in (("public", "203.0.113.0/24"), ("host", PEER + "/32")):
        yield Case("vnet-note-" + name, leak_film().pcapng(
            ETHERNET, ["vnetprobe: vnet " + prefix]), verdicts=NOT_PASS,
            config=config)
    f = Film()
    f.visit("10.20.2.7", TARGET)
    yield Case("vnet-note-private", f.pcapng(
        ETHERNET, ["vnetprobe: vnet 10.20.0.0/16", "vnetprobe: local " + HOST]),
        verdicts=("pass",), config=config)


def listener_note():
    """A listener that a file claims makes no connection come in."""
    for mine in (20001, 40001):
        f = Film()
        c = scenes.Conversation(f, PEER, 443, mine=mine)
        c.say(True, b"x" * 100)
        c.say(False, b"y" * 100)
        yield Case("listener-%d" % mine, f.pcapng(ETHERNET, [
            "vnetprobe: listener %d" % mine]), verdicts=NOT_PASS)
    f = Film()
    c = scenes.Conversation(f, PEER, 50001, mine=22)
    c.say(True, b"x" * 100)
    c.say(False, b"y" * 100)
    yield Case("listener-ssh", f.pcapng(ETHERNET, ["vnetprobe: listener 22"]),
               flows=[("inbound", PEER + ":50001")], verdicts=("pass",))


def resolver_note():
    """A port that a file calls a resolver's is still read for names."""
    f = Film()
    f.visit("2001:db8:a::9", TARGET, 443)
    yield Case("resolver-names", f.pcapng(ETHERNET, [
        "vnetprobe: resolver [2001:db8:a::9]:443"]),
        flows=[("leak-target", "[2001:db8:a::9]:443")], verdicts=("leak",))


# --- which end is ours -------------------------------------------------------

def both_public():
    """Two public ends: which is ours is not known, and excuses nothing."""
    for sport, dport in ((500, 4500), (5000, 6000), (443, 40000), (40000, 443),
                         (22, 50000), (4500, 500)):
        f = Film()
        f.emit(True, ip(OTHER, PEER, UDP, udp(sport, dport, b"x" * 50)))
        yield Case("both-public-udp-%d-%d" % (sport, dport), f.pcap(),
                   verdicts=NOT_PASS)
        f = Film()
        for i in range(3):
            f.emit(True, ip(OTHER, PEER, TCP, tcp(sport, dport, 1 + 10 * i, 1, ACK,
                                                  b"x" * 10)))
        yield Case("both-public-tcp-%d-%d" % (sport, dport), f.pcap(),
                   verdicts=NOT_PASS)


def peers_own():
    """A source forged to be the peer's own address is no talk with oneself."""
    f = Film()
    f.emit(True, ip(PEER, PEER, UDP, udp(1000, 2000, b"x" * 50)))
    yield Case("peers-own", f.pcap(), flows=[("unexplained", PEER + ":2000")],
               verdicts=("fail",))


def unreadable_name():
    """A server name that is none is still not the one that was resolved."""
    f = Film()
    f.plain_ask(ALLOWED, PEER)
    f.visit(PEER, TARGET + "\0." + ALLOWED)
    yield Case("unreadable-name", f.pcap(),
               flows=[("unexplained", PEER + ":443")], verdicts=("fail",))


def one_way():
    """Only what came in was captured: what went out is to be guessed."""
    f = leak_film()
    f.events = [e for e in f.events if not e[2]]
    yield Case("one-way-tcp", f.pcap(), verdicts=NOT_PASS)
    f = Film()
    for i in range(3):
        f.send(False, PEER, UDP, udp(443, 50000, b"x" * 100))
    yield Case("one-way-udp", f.pcap(), verdicts=())


# --- names -------------------------------------------------------------------

def cut_hello():
    """A snapshot length hides the server's name: no name explains the flow."""
    for cap in (90, 100, 128):
        f = Film()
        f.plain_ask("a.allowed.example", PEER)
        events, f.events = f.events, []
        f.visit(PEER, TARGET)
        whole = [(t, link_frame(ETHERNET, d, o, g, k), 0, None, 1 << 16)
                 for t, _, o, d, g, k in events]
        yield Case("cut-hello-%d" % cap,
                   b"".join(pcap(ETHERNET, whole + f.records(cap=cap), "<", False)),
                   verdicts=NOT_PASS)


def fragmented_hello():
    """A hello in IP fragments is not read: no name explains the flow."""
    f = Film()
    f.plain_ask(ALLOWED, PEER)
    c = f.connect(PEER)
    hello = client_hello(TARGET, 900)
    data = tcp(c.mine, 443, c.seq[True], c.seq[False], ACK | PSH, hello)
    for p in fragments(HOST, PEER, TCP, data, 200):
        f.emit(True, p)
    c.seq[True] += len(hello)
    c.say(False, SERVER_HELLO)
    c.say(True, b"d" * 100)
    c.say(False, b"e" * 100)
    yield Case("fragmented-hello", f.pcap(), verdicts=NOT_PASS)


def second_syn():
    """A SYN with another number that nobody took: which hello counted?"""
    f = Film()
    f.plain_ask(ALLOWED, PEER)
    c = f.connect(PEER)
    c.segment(True, SYN, seq=c.seq[True] + 100000, acked=False)
    c.segment(True, ACK, client_hello(ALLOWED, 0), seq=c.seq[True] + 100001)
    c.say(True, client_hello(TARGET, 0))
    c.say(False, SERVER_HELLO)
    c.say(True, b"d" * 100)
    c.say(False, b"e" * 100)
    yield Case("second-syn", f.pcap(), verdicts=NOT_PASS)


def peer_first():
    """The peer sends a SYN and a hello first, from the port we connect to."""
    f = Film()
    f.plain_ask(ALLOWED, PEER)
    mine = f.local_port()
    f.send(False, PEER, TCP, tcp(443, mine, 500, 0, SYN))
    f.send(False, PEER, TCP, tcp(443, mine, 501, 1, ACK, client_hello(ALLOWED, 0)))
    c = f.connect(PEER, mine=mine)
    c.say(True, client_hello(TARGET, 0))
    c.say(False, SERVER_HELLO)
    c.say(True, b"d" * 100)
    yield Case("peer-first", f.pcap(), flows=[("leak-target", PEER + ":443")],
               verdicts=("leak",))


def spelling():
    """Case and a final dot change no name."""
    for name in (TARGET.upper(), TARGET + ".", "StLab.Blob.core.windows.NET."):
        f = Film()
        f.visit(PEER, name)
        yield Case("spelling-" + name, f.pcap(),
                   flows=[("leak-target", PEER + ":443")], verdicts=("leak",))
        f = Film()
        c = f.connect("2001:db8:a::7", 80)
        c.say(True, b"GET / HTTP/1.1\r\nhOsT: %s:80\r\n\r\n" % name.encode())
        c.say(False, b"HTTP/1.1 200 OK\r\n\r\n")
        yield Case("http-" + name, f.pcap(),
                   flows=[("leak-target", "[2001:db8:a::7]:80")], verdicts=("leak",))


def connect_by_allowed():
    """CONNECT to a target by a public proxy that a rule allows."""
    f = Film()
    c = f.connect("2001:db8:a::7", 3128)
    c.say(True, b"CONNECT %s:443 HTTP/1.1\r\n\r\n" % TARGET.encode())
    c.say(False, b"HTTP/1.1 200 OK\r\n\r\n")
    yield Case("connect-by-allowed", f.pcap(),
               flows=[("leak-target", "[2001:db8:a::7]:3128")], verdicts=("leak",))


def named_by_visitor():
    """Who comes to us and names a target leaks nothing."""
    f = Film()
    c = scenes.Conversation(f, PEER, 50001, mine=443, inbound=True)
    c.open()
    c.say(False, client_hello(TARGET, 0))
    c.say(True, SERVER_HELLO)
    f.now += 1000
    d = scenes.Conversation(f, OTHER, 50001, mine=80, inbound=True)
    d.open()
    d.say(False, b"GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % TARGET.encode())
    d.say(True, b"HTTP/1.1 200 OK\r\n\r\n")
    yield Case("visitor", f.pcap(), flows=[
        ("inbound", PEER + ":50001"), ("inbound", OTHER + ":50001")],
        verdicts=("pass",))


def forged_answer():
    """An answer with another ID is none: RFC 5452 section 4."""
    f = Film()
    port = f.local_port()
    f.send(True, scenes.RESOLVER, UDP, udp(port, 53, question(7, ALLOWED, 1)))
    f.send(False, scenes.RESOLVER, UDP,
           udp(53, port, answer(8, ALLOWED, 1, (), PEER, 300)))
    f.visit(PEER, ALLOWED)
    yield Case("forged-id", f.pcap(), flows=[("unexplained", PEER + ":443")],
               verdicts=("fail",))


# --- what cannot be read -----------------------------------------------------

def raw_records(f, link, frames):
    return b"".join(pcap(link, [(scenes.START_US + i, x, 0, None, 1 << 16)
                                for i, x in enumerate(frames)], "<", False))


def unreadable():
    """Frames that may hide a leak."""
    syn = ip(HOST, PEER, TCP, tcp(4000, 443, 1, 0, SYN))
    good = link_frame(ETHERNET, ip(HOST, "10.20.2.7", TCP,
                                   tcp(4000, 443, 1, 0, SYN)), True, ())
    mac = b"\x02" * 12
    bad = {
        "macsec": mac + b"\x88\xe5" + b"\0" * 60,
        "nsh": mac + b"\x89\x4f" + b"\0" * 60,
        "too-deep": mac + b"\x81\x00\0\x01" * 6 + b"\x08\0" + syn,
        "vntag": mac + b"\x89\x26" + bytes(4) + b"\x08\0" + syn,
        "etag": mac + b"\x89\x3f" + bytes(6) + b"\x08\0" + syn,
        "cisco-meta": mac + b"\x89\x09" + bytes(6) + b"\x08\0" + syn,
        "ip-version": mac + b"\x08\0" + b"\x55" + syn[1:],
        "ip-long": mac + b"\x08\0" + syn[:2] + b"\xff\xff" + syn[4:],
    }
    for name, x in bad.items():
        yield Case("unreadable-" + name, raw_records(None, ETHERNET, [good, x]),
                   verdicts=NOT_PASS)
    whole = mac + b"\x08\0" + syn[:2] + b"\0\0" + syn[4:]
    yield Case("tso", raw_records(None, ETHERNET, [good, whole]),
               flows=[("unexplained", PEER + ":443")], verdicts=("fail",))
    deep = ip("fd20::4", "2001:db8:77::1", TCP, tcp(4000, 443, 1, 0, SYN),
              extensions=[(60, b"\x01\x04\0\0\0\0")] * 20)
    yield Case("extensions", raw_records(None, RAW, [deep]), verdicts=NOT_PASS)
    tiny = fragments(HOST, PEER, TCP, tcp(4000, 443, 1, 0, SYN), 8)
    yield Case("tiny-fragments", raw_records(None, RAW, tiny),
               flows=[("unexplained", PEER + ":443")], verdicts=("fail",))
    inner = syn
    for i in range(3):
        inner = ip("10.20.1.%d" % (4 + i), "10.20.2.%d" % (4 + i), 4, inner)
    yield Case("nested", raw_records(None, RAW, [inner]), verdicts=NOT_PASS)


def unknown_link():
    """A second interface of a kind that cannot be read."""
    f = Film()
    f.send(True, "10.20.2.7", TCP, tcp(4000, 443, 1, 0, SYN))
    data = f.pcapng()
    data += block("<", 1, struct.pack("<HHI", 147, 0, 0))
    x = b"?" * 60
    data += block("<", 6, struct.pack("<5I", 1, 0, 5, len(x), len(x)) + x)
    yield Case("unknown-link", data, verdicts=NOT_PASS)


# --- the file itself ---------------------------------------------------------

def section(order="<"):
    return block(order, 0x0A0D0D0A,
                 struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface(order, link, options=b""):
    return block(order, 1, struct.pack(order + "HHI", link, 0, 0) + options)


def enhanced(order, number, data, when=scenes.START_US, options=b""):
    body = struct.pack(order + "5I", number, when >> 32, when & 0xFFFFFFFF,
                       len(data), len(data)) + data
    return block(order, 6, body + bytes(-len(data) % 4) + options)


def odd_files():
    """Blocks of every kind may hold the leak, or say that packets are missing."""
    syn = ip(HOST, PEER, TCP, tcp(4000, 443, 1, 0, SYN))
    quiet = ip(HOST, "10.20.2.7", TCP, tcp(4000, 443, 1, 0, SYN))
    leak = {"flows": [("unexplained", PEER + ":443")], "verdicts": ("fail",)}
    start = section() + interface("<", RAW)
    calm = start + enhanced("<", 0, quiet)
    simple = struct.pack("<I", len(syn)) + syn
    old = struct.pack("<HHIIII", 0, 0xFFFF, 0, 0, len(syn), len(syn)) + syn
    yield Case("odd-simple", calm + block("<", 3, simple), **leak)
    yield Case("odd-old-packet", calm + block("<", 2, old), **leak)
    yield Case("odd-second-section", calm + section(">") +
               interface(">", ETHERNET) + enhanced(
                   ">", 0, link_frame(ETHERNET, syn, True, ())), **leak)
    yield Case("odd-unknown-block", calm + block("<", 0x0BAD, b"x" * 5000) +
               enhanced("<", 0, syn), **leak)
    yield Case("odd-no-interface", section() + enhanced("<", 0, quiet),
               verdicts=NOT_PASS)
    yield Case("odd-drop-count", start + enhanced(
        "<", 0, quiet, options=option("<", 4, struct.pack("<Q", 3))),
        verdicts=NOT_PASS, findings=["capture-drops"])
    lost = struct.pack("<3I", 0, 0, 0) + option("<", 4, struct.pack("<Q", 1)) + \
        option("<", 5, struct.pack("<Q", 9))
    yield Case("odd-statistics", calm + block("<", 5, lost), verdicts=NOT_PASS,
               findings=["capture-drops"])
    both = calm + block("<", 5, lost) + section() + interface("<", RAW) + \
        block("<", 5, struct.pack("<3I", 0, 0, 0))
    yield Case("odd-statistics-of-before", both, verdicts=NOT_PASS)
    for name, options in (("seconds", option("<", 9, b"\0")),
                          ("finest", option("<", 9, b"\xff")),
                          ("offset", option("<", 14, b"\xff" * 7 + b"\x7f"))):
        yield Case("odd-clock-" + name, section() + interface("<", RAW, options) +
                   enhanced("<", 0, syn), **leak)
    for name, when in (("zero", 0), ("last", (1 << 64) - 1)):
        yield Case("odd-time-" + name, start + enhanced("<", 0, syn, when), **leak)
    name = b"eth0\x1b[2J\xff\xfe\r\n\"<script>"
    yield Case("odd-name", section() + interface("<", RAW, option("<", 2, name)) +
               enhanced("<", 0, syn), **leak)
    yield Case("odd-fcs", struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535,
                                      0x14000000 | ETHERNET) +
               struct.pack("<4I", 1, 1, 64, 64) +
               link_frame(ETHERNET, syn, True, ()) + b"crc!", **leak)
    for comments in ([b"vnetprobe: own"], [b"vnetprobe: local x"], [b"\0" * 9000],
                     [b"vnetprobe: " + b"a " * 300], [b"vnetprobe: vnet 0.0.0.0/0"],
                     [b"vnetprobe: vnet ::/0"], [b"vnetprobe: own tcp 1.2.3.4:1 :0"],
                     [b"vnetprobe: left-out 99999999999999999999"]):
        data = block("<", 0x0A0D0D0A,
                     struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) +
                     b"".join(option("<", 1, x) for x in comments))
        yield Case("odd-comment-%s" % comments[0][11:20].hex(), data +
                   interface("<", RAW) + enhanced("<", 0, syn), **leak)


# --- streams of names --------------------------------------------------------

def hello_orders():
    """Segments of a hello in any order, twice, and with what they do not say."""
    hello = client_hello(TARGET, 1500)
    r = random.Random(3)
    for n in range(12):
        f = Film()
        f.plain_ask(ALLOWED, PEER)
        c = f.connect(PEER)
        cuts = sorted({0, len(hello)} |
                      {r.randrange(1, len(hello)) for _ in range(n)})
        pieces = [(a, hello[a:b]) for a, b in zip(cuts, cuts[1:])]
        r.shuffle(pieces)
        for i, (at, x) in enumerate(pieces):
            c.segment(True, ACK, x, seq=c.seq[True] + at)
            if n % 3 == 1:  # overlapping by more than itself
                a = max(0, at - 7)
                c.segment(True, ACK, hello[a:at + len(x) + 9],
                          seq=c.seq[True] + a)
        c.seq[True] += len(hello)
        c.say(False, SERVER_HELLO)
        c.say(True, b"d" * 100)
        yield Case("hello-order-%d" % n, f.pcap(),
                   flows=[("leak-target", PEER + ":443")], verdicts=("leak",))


def contradiction():
    """Two hellos in the same place: no telling which one arrived."""
    for first, second in ((ALLOWED, "h2.allowed.example"), (TARGET, ALLOWED),
                          (ALLOWED, TARGET)):
        f = Film()
        for name in (first, second):
            f.plain_ask(name if name != TARGET else "x.allowed.example", PEER)
        c = f.connect(PEER)
        pad = 60 - len(first)
        c.segment(True, ACK, client_hello(first, pad), seq=c.seq[True])
        c.say(True, client_hello(second, 60 - len(second)))
        c.say(False, SERVER_HELLO)
        c.say(True, b"d" * 100)
        yield Case("contradiction-%s-%s" % (first, second), f.pcap(),
                   verdicts=NOT_PASS)


def answers():
    """What binds a name, and what does not."""
    def film(*messages, **how):
        f = Film()
        port = f.local_port()
        for out, data in messages:
            ports = (port, 53) if out else (53, port)
            f.send(out, scenes.RESOLVER, UDP, udp(*ports, data))
        f.visit(PEER, how.get("sni", ALLOWED))
        return f.pcap()
    asked = question(7, ALLOWED, 1)
    told = answer(7, ALLOWED, 1, (), PEER, 300)
    bad = {"flows": [("unexplained", PEER + ":443")], "verdicts": ("fail",)}
    good = {"flows": [("allowed", PEER + ":443")], "verdicts": ("pass",)}
    yield Case("answer-plain", film((True, asked), (False, told)), **good)
    yield Case("answer-case", film((True, question(7, ALLOWED.upper(), 1)),
                                   (False, told)), **good)
    yield Case("answer-unasked", film((False, told)), **bad)
    yield Case("answer-before", film((False, told), (True, asked)), **bad)
    yield Case("answer-other-name", film((True, question(7, "o.example", 1)),
                                         (False, told)), **bad)
    yield Case("answer-other-type", film((True, question(7, ALLOWED, 28)),
                                         (False, told)), **bad)
    yield Case("answer-no-question", film(
        (True, asked), (False, told[:4] + b"\0\0" + told[6:12] +
                        told[12 + len(dns_name(ALLOWED)) + 4:])), **bad)
    yield Case("answer-servfail", film(
        (True, asked), (False, told[:3] + b"\x82" + told[4:])), **bad)
    # A record of another owner than the one that was asked for.
    stray = answer(7, "other.example", 1, (), PEER, 300)
    n = 12 + len(dns_name("other.example")) + 4
    mixed = told[:12 + len(dns_name(ALLOWED)) + 4] + stray[n:]
    yield Case("answer-stray-owner", film((True, asked), (False, mixed)), **bad)
    # A target behind the alias of another name: the chain counts as a whole.
    chain = answer(7, "www.allowed.example", 1, (TARGET,), PEER, 300)
    yield Case("answer-alias-of-target", film(
        (True, question(7, "www.allowed.example", 1)), (False, chain), sni=None),
        flows=[("leak-target", PEER + ":443")], verdicts=("leak",))


def dns_by_tcp():
    """Questions in pieces and several at once, to a public resolver."""
    ask = [question(i, n, 1) for i, n in enumerate(("a.example", TARGET, "c.example"))]
    data = b"".join(struct.pack(">H", len(q)) + q for q in ask)
    for cut in (1, 2, 13, 30, len(data) - 1):
        f = Film()
        c = f.connect("8.8.8.8", 53)
        c.segment(True, ACK, data[cut:], seq=c.seq[True] + cut)
        c.segment(True, ACK, data[:cut])
        yield Case("dns-tcp-%d" % cut, f.pcap(),
                   flows=[("leak-dns", "8.8.8.8:53")], verdicts=("leak",))


TRICKS = (peers_own, unreadable_name, excused_by_roles, odd_files, hello_orders, contradiction, answers, dns_by_tcp, notes, turned_by_note, vnet_note, named_by_visitor, listener_note, resolver_note, both_public, one_way, cut_hello,
          fragmented_hello, second_syn, peer_first, spelling, connect_by_allowed,
          forged_answer, unreadable, unknown_link)
