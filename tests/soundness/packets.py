"""Packets and capture files, built from numbers: what ./run hides leaks in.

Checksums are left zero where nobody looks at them (TCP, UDP, ICMP).
"""
import functools
import ipaddress
import struct

TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
ETHERNET, NULL, RAW, SLL, SLL2 = 1, 0, 101, 113, 276


@functools.lru_cache(maxsize=1 << 16)
def packed(address):
    return ipaddress.ip_address(address).packed


def ip_id(state=[0]):
    state[0] = (state[0] + 1) & 0xFFFF or 1
    return state[0]


def ip(src, dst, proto, payload, extensions=(), fragment=None):
    """fragment: (identification, offset in bytes, more follow)."""
    src, dst = packed(src), packed(dst)
    ident, offset, more = fragment or (ip_id(), 0, False)
    if len(src) == 4:
        # Every 16th packet has options: RFC 791, no operation.
        words = 5 + (2 if ident % 16 == 0 else 0)
        return struct.pack(">BBHHHBBH", 0x40 | words, 0,
                           4 * words + len(payload), ident,
                           offset // 8 | (0x2000 if more else 0), 64, proto,
                           0) + src + dst + b"\1" * (4 * words - 20) + payload
    chain = list(extensions)
    if fragment:
        chain.append((44, struct.pack(">HI", offset | more, ident)))
    headers, following = b"", proto
    for kind, body in reversed(chain):
        headers = bytes([following]) + \
            (b"\0" if kind == 44 else bytes([(len(body) + 2) // 8 - 1])) + \
            body + headers
        following = kind
    return struct.pack(">IHBB", 0x60000000, len(headers) + len(payload),
                       following, 64) + src + dst + headers + payload


def fragments(src, dst, proto, payload, size):
    size &= ~7
    ident = ip_id()
    return [ip(src, dst, proto, payload[at:at + size],
               fragment=(ident, at, at + size < len(payload)))
            for at in range(0, len(payload), size)]


def udp(sport, dport, data):
    return struct.pack(">4H", sport, dport, 8 + len(data), 0) + data


def tcp(sport, dport, seq, ack, flags, data=b""):
    return struct.pack(">HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF,
                       ack & 0xFFFFFFFF, 5 << 4, flags, 64000, 0, 0) + data


def echo(v6, answer, ident):
    kind = (129 if answer else 128) if v6 else (0 if answer else 8)
    return struct.pack(">BBHHH", kind, 0, 0, ident, 1) + b"x" * 32


def unreachable(v6, quoted):
    kind, code = (1, 4) if v6 else (3, 3)
    header = 40 if v6 else 4 * (quoted[0] & 15)
    return struct.pack(">BBHI", kind, code, 0, 0) + quoted[:header + 8]


# --- DNS, TLS ----------------------------------------------------------------

def dns_name(name):
    return b"".join(bytes([len(x)]) + x.encode() for x in name.split(".")) + b"\0"


def question(ident, name, kind):
    return struct.pack(">6H", ident, 0x0100, 1, 0, 0, 0) + dns_name(name) + \
        struct.pack(">2H", kind, 1)


def answer(ident, name, kind, chain, address, ttl):
    """chain: the aliases that lead from the name to the address's owner."""
    records, owner = b"", name
    for alias in chain:
        data = dns_name(alias)
        records += dns_name(owner) + struct.pack(">HHIH", 5, 1, ttl, len(data)) + data
        owner = alias
    data = packed(address)
    records += dns_name(owner) + struct.pack(">HHIH", kind, 1, ttl, len(data)) + data
    return struct.pack(">6H", ident, 0x8180, 1, len(chain) + 1, 0, 0) + \
        dns_name(name) + struct.pack(">2H", kind, 1) + records


def client_hello(sni, padding):
    """In one record: RFC 8446 section 4.1.2, RFC 6066 section 3, RFC 7685."""
    extensions = struct.pack(">HH", 43, 3) + b"\x02\x03\x04"
    extensions += struct.pack(">HH", 21, padding) + bytes(padding)
    if sni:
        host = sni.encode()
        extensions += struct.pack(">HHHBH", 0, len(host) + 5, len(host) + 3, 0,
                                  len(host)) + host
    body = b"\x03\x03" + b"r" * 32 + b"\0" + struct.pack(">H", 2) + \
        b"\x13\x01" + b"\x01\0" + struct.pack(">H", len(extensions)) + extensions
    return b"\x16\x03\x01" + struct.pack(">H", len(body) + 4) + b"\x01" + \
        struct.pack(">I", len(body))[1:] + body


SERVER_HELLO = b"\x16\x03\x03" + struct.pack(">H", 44) + b"\x02\0\0\x28\x03\x03" + \
    b"s" * 32 + b"\0\x13\x01\0\0\0"


def ethertype_of(data):
    return 0x0800 if data[0] >> 4 == 4 else 0x86DD


def wrapped(kind, ends, inner):
    """In an IPv4 packet of a tunnel: RFC 7348, 8926, 2784, 2003, 4213."""
    if kind == "vxlan":
        return ip(*ends, UDP, udp(50000, 4789, struct.pack(
            ">II", 0x08000000, 7 << 8) + frame(ETHERNET, inner, True, ())))
    if kind == "geneve":
        return ip(*ends, UDP, udp(50000, 6081, struct.pack(
            ">BBHI", 1, 0, ethertype_of(inner), 7 << 8) + bytes(4) + inner))
    if kind == "gre":
        return ip(*ends, 47, struct.pack(
            ">HHI", 0x2000, ethertype_of(inner), 77) + inner)
    return ip(*ends, 4 if inner[0] >> 4 == 4 else 41, inner)


# --- link layers -------------------------------------------------------------

def frame(link, data, out, tags, ethertype=None):
    """An IP packet (or, with an ethertype, anything) as that link shows it."""
    if ethertype is None:
        ethertype = ethertype_of(data)
    ours, theirs = b"\x02\0\0\0\0\x01", b"\x02\0\0\0\0\x02"
    if link == ETHERNET:
        middle = b"" if isinstance(tags, str) else b"".join(
            struct.pack(">HH", kind, vid) for kind, vid in tags)
        if tags == "mpls":  # RFC 3032: two labels
            middle, ethertype = b"", 0x8847
            data = struct.pack(">II", 100 << 12 | 64, 200 << 12 | 0x100 | 64) + data
        elif tags == "pppoe":  # RFC 2516, session stage
            middle, data = b"", struct.pack(
                ">BBHHH", 0x11, 0, 1, len(data) + 2,
                0x21 if ethertype == 0x0800 else 0x57) + data
            ethertype = 0x8864
        # Shorter frames are padded on the wire.
        return ((theirs + ours if out else ours + theirs) + middle +
                struct.pack(">H", ethertype) + data).ljust(60, b"\0")
    if link == SLL:
        return struct.pack(">HHH", 4 if out else 0, 1, 6) + \
            (ours if out else theirs) + b"\0\0" + struct.pack(">H", ethertype) + data
    if link == SLL2:
        return struct.pack(">HHIHBB", ethertype, 0, 2, 1, 4 if out else 0, 6) + \
            (ours if out else theirs) + b"\0\0" + data
    if link == NULL:
        return struct.pack("<I", 2 if data[0] >> 4 == 4 else 30) + data
    return data


# --- files -------------------------------------------------------------------
# A record: (time in us, frame, interface number, out or None, bytes captured).

def pcap(link, records, order, nano):
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    yield struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link)
    for t, data, _, _, cap in records:
        part = t % 1000000 * (1000 if nano else 1)
        yield struct.pack(order + "4I", t // 1000000, part, min(cap, len(data)),
                          len(data)) + data[:cap]


def block(order, kind, body):
    body += bytes(-len(body) % 4)
    size = len(body) + 12
    return struct.pack(order + "II", kind, size) + body + struct.pack(order + "I", size)


def option(order, code, value):
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def pcapng(links, records, order, lost):
    """lost: what the statistics of the last interface say was dropped."""
    yield block(order, 0x0A0D0D0A,
                struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    for i, link in enumerate(links):
        yield block(order, 1, struct.pack(order + "HHI", link, 0, 0) +
                    option(order, 2, b"eth%d" % i) + option(order, 0, b""))
    for t, data, interface, out, cap in records:
        body = struct.pack(order + "5I", interface, t >> 32, t & 0xFFFFFFFF,
                           min(cap, len(data)), len(data)) + data[:cap]
        body += bytes(-len(body) % 4)
        if out is not None:
            flags = struct.pack(order + "I", 2 if out else 1)
            body += option(order, 2, flags) + option(order, 0, b"")
        yield block(order, 6, body)
    last = records[-1][0] if records else 0
    dropped = option(order, 5, struct.pack(order + "Q", lost))
    yield block(order, 5, struct.pack(order + "3I", len(links) - 1, last >> 32,
                                      last & 0xFFFFFFFF) + dropped +
                option(order, 0, b""))
