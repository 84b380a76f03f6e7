"""The kind `fields`: matches of single fields and of what the host knows beside the packet: code points, ECN, MSS, ranges of
addresses, kinds of frames, groups of interfaces, realms, chunks of SCTP, types and options of DCCP."""

import ipaddress
import struct

from generator import FAR, FAR6, HOSTS, HOSTS6, MACS, NEIGHBOR_MACS, Generator, checksum, mac

CHUNKS = {"DATA": 0, "INIT": 1, "INIT_ACK": 2, "SACK": 3, "ABORT": 6, "ERROR": 9, "COOKIE_ECHO": 10, "I_DATA": 64, "PAD": 132}
TYPES = ["REQUEST", "RESPONSE", "DATA", "ACK", "DATAACK", "CLOSEREQ", "CLOSE", "RESET", "SYNC", "SYNCACK", "INVALID"]


def options(g):
    data = b"".join(g.r.choice([b"\0", b"\1", b"\2\4\5\xb4", b"\2\4\2\0", b"\2\5\1\1\1", b"\x20\3a", b"\x26\2", b"\x26\0", b"\x2a\x40"])
                    for _ in range(g.r.randrange(4)))
    return (data + b"\0" * (-len(data) % 4))[:40]


def tcp(g):
    extra = options(g)
    offset = 5 + len(extra) // 4 if g.chance(0.93) else g.r.randrange(16)
    return 6, struct.pack("!HHIIBBHHH", g.r.choice([80, 4000]), 80, 1, 0, offset << 4, g.r.choice([2, 0x42, 0x82, 0xc2, 0x10]), 99, 0, 0) + extra


def sctp(g):
    body = struct.pack("!HHII", g.r.choice([80, 4000]), 80, 7, 0)
    for _ in range(g.r.randrange(4)):
        content = g.payload(12)
        length = 4 + len(content) if g.chance(0.95) else g.r.choice([0, 3, 99])
        kind = g.r.choice(list(CHUNKS.values()))
        body += struct.pack("!BBH", kind, g.r.choice([0, 1, 2, 3, 4, 8, 0x80]), length) + content + b"\0" * (-len(content) % 4)
    return 132, body[:-(-len(body) % 4) or None]


def dccp(g):
    kind, extended = g.r.randrange(11), g.r.randrange(2)
    fixed = {0: 4, 1: 12, 2: 0, 7: 12, 10: 12}.get(kind, 8)
    body = struct.pack("!BBH", kind << 1 | extended, 0, 1) + bytes(4 if extended else 0) + bytes(fixed)
    extra = options(g)
    offset = (8 + len(body) + len(extra)) // 4 if g.chance(0.93) else g.r.randrange(20)
    return 33, struct.pack("!HHBBH", g.r.choice([80, 4000]), 80, offset, 0, 0) + body + extra


def packet(g, six, source, destination):
    number, body = g.r.choice([tcp, tcp, sctp, sctp, dccp])(g)
    if g.chance(0.05):
        body = body[:g.r.randrange(len(body) + 1)]
    s, d = ipaddress.ip_address(source).packed, ipaddress.ip_address(destination).packed
    tos = g.r.choice([0, 0x10, 0x2e, 0xb8, 1, 2, 3, 0x22])
    if six:
        if g.chance(0.3):
            s = s[:8] + bytes.fromhex("000000fffe000110")
        return struct.pack("!IHBB", 6 << 28 | tos << 20, len(body), number, 64) + s + d + body
    fragment = g.r.choice([0] * 9 + [1, 0x2000])
    head = struct.pack("!BBHHHBBH4s4s", 0x45, tos, 20 + len(body), 5, fragment, 64, number, 0, s, d)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def port(g):
    return g.r.choice([f"{g.inverted()}--sport {g.r.choice(['80', '1:100', '4000:'])}", f"{g.inverted()}--dport 80", ""])


def chunks(g):
    def one():
        name = g.r.choice(list(CHUNKS))
        flags = {"DATA": "UBEIube", "I_DATA": "UBE", "ABORT": "Tt"}.get(name, "")
        return name + (":" + "".join(g.r.sample(flags, g.r.randrange(1, 3))) if flags and g.chance(0.4) else "")
    names = g.r.choice(["ALL", "NONE", None, None, None, None]) or ",".join(one() for _ in range(g.r.randrange(1, 4)))
    return f"{g.inverted()}--chunk-types {g.r.choice(['all', 'any', 'only'])} {names}"


def addresses(g, six):
    low, high = sorted((ipaddress.ip_address(g.r.choice((HOSTS6 if six else HOSTS)["lan0"] + (FAR6 if six else FAR))) for _ in range(2)))
    return f"{low}-{high}" if g.chance(0.9) else f"{high}-{low}"


def rule(g, six, chain):
    i = g.inverted
    choices = [f"-m dscp {i()}--dscp {g.r.choice([0, 4, 0x2e, 0x0b])}", f"-m dscp {i()}--dscp-class {g.r.choice(['EF', 'CS0', 'BE'])}",
               f"-m tos {i()}--tos {g.r.choice(['0x10', '0x02/0x03', 'Minimize-Delay', '0/0xff'])}",
               f"-m ecn {i()}--ecn-ip-ect {g.r.randrange(4)}",
               f"-p tcp -m ecn {i()}--ecn-tcp-{g.r.choice(['ece', 'cwr'])} {g.r.choice(['', i() + '--ecn-ip-ect 2'])}",
               f"-p tcp -m tcpmss {i()}--mss {g.r.choice(['1460', '500:1400', ':536', '512'])}",
               f"-m iprange {i()}--{g.r.choice(['src', 'dst'])}-range {addresses(g, six)}",
               f"-m pkttype {i()}--pkt-type {g.r.choice(['unicast', 'broadcast', 'multicast', 'otherhost'])}",
               f"-p sctp -m sctp {port(g)} {chunks(g) if g.chance(0.8) else ''}", f"-p sctp -m sctp {chunks(g)}",
               f"-p dccp -m dccp {port(g)} {i()}--dccp-types {','.join(g.r.sample(TYPES, g.r.randrange(1, 4)))}",
               f"-p dccp -m dccp {i()}--dccp-option {g.r.choice([1, 2, 32, 38, 42])}"]
    if chain in ("PREROUTING", "INPUT", "FORWARD"):
        choices.append(f"-m devgroup {i()}--src-group {g.r.choice(['0', '5', '4/0xc'])}")
        if six:
            choices.append("-m eui64")
    if chain in ("OUTPUT", "FORWARD", "POSTROUTING"):
        choices.append(f"-m devgroup {i()}--dst-group {g.r.choice(['0', '5', '1/1'])}")
    if chain != "PREROUTING" and not six:
        choices.append(f"-m realm {i()}--realm {g.r.choice(['3', '0x30000/0xffff0000', '4/0xff', '0', '0x1/0x1', '0x20000/0x20000', '7/0x3', '0x50003'])}")
    return g.r.choice(choices)


def fields(name, seed):
    g = Generator(seed)
    six = g.chance(0.4)
    host = g.host(six)
    if not six:
        host["rules"] = host.get("rules", []) + [g.r.choice([
            "from 192.0.2.0/24 realms 7/4 lookup main", "to 198.51.100.0/24 lookup main realms 3", "iif lan0 lookup main realms 5/3",
            "from all to 203.0.113.0/24 lookup main realms 9/1"]) + f" pref {g.r.randrange(1, 200)}" for _ in range(g.r.randrange(2))]
        host["routes"] = [route + f" realm {g.r.choice(['3', '4', '3/5'])}" if g.chance(0.5) and not route.split()[0] in
                          ("unreachable", "prohibit", "blackhole", "throw") and "table" not in route else route for route in host["routes"]]
    steps = []
    for _ in range(g.r.randrange(8, 16)):
        device = g.r.choice([interface["name"] for interface in host["interfaces"]])
        far, near = (FAR6, HOSTS6) if six else (FAR, HOSTS)
        own = ["2001:db8:1::1", "ff02::1"] if six else ["192.0.2.1", "255.255.255.255", "224.0.0.1"]
        data = packet(g, six, g.r.choice(near[device]), g.r.choice(far + near["wan0"] + own))
        target = g.r.choice([MACS[device]] * 5 + ["ff:ff:ff:ff:ff:ff", "33:33:00:00:00:01" if six else "01:00:5e:00:00:01"])
        frame = mac(target) + mac(NEIGHBOR_MACS[device]) + (b"\x86\xdd" if six else b"\x08\0") + data
        steps.append({"in": device, "frame": frame.hex()} if g.chance(0.85) else {"send": packet(
            g, six, g.r.choice(["2001:db8:1::1" if six else "192.0.2.1", "2001:db8:2::1" if six else "203.0.113.1"]),
            g.r.choice(far + near["lan0"] + near["wan0"] + own)).hex()})
    lines = ["*mangle"]
    for chain in ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]:
        lines += [f"-A {chain} {rule(g, six, chain)}" for _ in range(g.r.choice([4, 8, 12]))]
    host["ip6tables" if six else "iptables"] = "\n".join(lines + ["COMMIT", ""])
    return {"name": name, "about": "random fields", "tags": ["random"], "host": host, "steps": steps}


KINDS = {"fields": fields}
