"""The kind `headers`: IPv6 packets with odd chains of extension headers, IPv4 ones with AH, ESP and IPComp, and rules that look
into them."""

import ipaddress
import struct

from generator import FAR, FAR6, HOSTS, HOSTS6, Generator

ADDRESSES = ["2001:db8:1::a", "2001:db8:1::b", "fd00::1"]
SPIS = [0, 1, 5, 300, 0xffffffff]


def packed(text):
    return ipaddress.IPv6Address(text).packed


def options(g):
    data = b"".join(g.r.choice([b"\0", b"\1\0", b"\1\2\0\0", b"\5\2\0\0", b"\x04\1\4", b"\xc2\4\0\0\0\1", b"\x1e\3abc", b"\1\4\0\0\0\0"])
                    for _ in range(g.r.randrange(1, 4)))
    return data + b"\0" * (-(len(data) + 2) % 8)


def routing(g):
    kind = g.r.choice([0, 0, 2, 4, 4, 3])
    addresses = [packed(g.r.choice(ADDRESSES)) for _ in range(g.r.randrange(4))]
    left = g.r.randrange(len(addresses) + 2)
    last = max(0, len(addresses) - 1) if g.chance(0.8) else g.r.randrange(6)
    fixed = bytes([last, 0]) + struct.pack("!H", g.r.choice([0, 1, 256])) if kind == 4 else struct.pack("!I", g.chance(0.2))
    return bytes([kind, left]) + fixed + b"".join(addresses)


def chain(g):
    """Headers behind the IPv6 header as (number, content behind the two fixed bytes), and what follows them."""
    headers = []
    for _ in range(g.r.randrange(0, 4)):
        kind = g.r.choice([0, 43, 43, 60, 60, 44, 51])
        if kind in (0, 60):
            headers.append((kind, options(g)))
        elif kind == 43:
            headers.append((kind, routing(g)))
        elif kind == 44:
            at = g.r.choice([0, 0, 1, 185])
            headers.append((kind, struct.pack("!HI", at << 3 | g.r.choice([0, 0, 6]) | g.r.randrange(2), g.r.choice([7, 9, 1 << 31]))))
        else:
            headers.append((kind, struct.pack("!HII", g.r.choice([0, 0, 9]), g.r.choice(SPIS), 1) + g.payload(8)))
    if headers and headers[0][0] != 0 and g.chance(0.3):
        headers.insert(0, (0, options(g)))
    headers = [one for n, one in enumerate(headers) if one[0] != 0 or n == 0]
    number = g.r.choice([17, 17, 135, 135, 50, 108, 59, 99, 6])
    body = {17: struct.pack("!HHHH", 1000, 53, 12, 0) + b"data", 50: struct.pack("!II", g.r.choice(SPIS), 1) + b"secret",
            108: struct.pack("!BBH", 6, 0, g.r.choice([0, 5, 300])) + b"small",
            135: bytes([g.r.choice([59, 59, 6]), 0, g.r.randrange(9), 0, 0, 0, 0, 0])}.get(number, g.payload())
    if g.chance(0.1):
        body = body[:g.r.randrange(8)]
    return headers, number, body


def six(g, source, destination):
    headers, number, body = chain(g)
    packet = body
    for kind, content in reversed(headers):
        if kind == 51:
            length = (len(content) + 2) // 4 - 2
        elif kind == 44:
            length = 0
        else:
            length = (len(content) + 2 + 7) // 8 - 1
            content += bytes((length + 1) * 8 - 2 - len(content))
        if g.chance(0.04):
            length = g.r.randrange(256)
        packet = bytes([number, length]) + content + packet
        number = kind
    if g.chance(0.06):
        packet = packet[:g.r.randrange(len(packet) + 1)]
    return struct.pack("!IHBB", 6 << 28, len(packet), number, 64) + packed(source) + packed(destination) + packet


def four(g, source, destination):
    packet = g.ipv4(source, destination)
    number = g.r.choice([50, 51, 108])
    body = {50: struct.pack("!II", g.r.choice(SPIS), 1), 51: struct.pack("!BBHII", 6, 4, 0, g.r.choice(SPIS), 1),
            108: struct.pack("!BBH", 6, 0, g.r.choice([0, 5, 300]))}[number] + g.payload()
    if g.chance(0.1):
        body = body[:g.r.randrange(12)]
    from generator import checksum
    head = bytearray(packet[:20])
    head[0], head[9] = 0x45, number
    head[2:4] = struct.pack("!H", 20 + len(body))
    head[10:12] = b"\0\0"
    head[10:12] = struct.pack("!H", checksum(bytes(head)))
    return bytes(head) + body


def numbers(g, most=0xffffffff):
    low, high = sorted(min(g.r.choice(SPIS + [2, 7, 9]), most) for _ in range(2))
    return g.r.choice([str(low), f"{low}:{high}", f"{low}:", f":{high}"])


def match6(g):
    i = g.inverted
    rt = ["-m rt"]
    if g.chance(0.5):
        rt.append(f"--rt-type {g.r.choice([0, 0, 0, 2, 4])}")
        if rt[-1].endswith(" 0") and g.chance(0.6):
            rt.append(g.r.choice(["--rt-0-res", f"--rt-0-addrs {','.join(g.r.sample(ADDRESSES, g.r.randrange(1, 3)))}",
                                  f"--rt-0-addrs {g.r.choice(ADDRESSES)} --rt-0-not-strict"]))
    if g.chance(0.4):
        rt.append(f"{i()}--rt-segsleft {g.r.choice(['0', '1', '0:1', '2:'])}")
    if g.chance(0.3):
        rt.append(f"{i()}--rt-len {g.r.choice([8, 24, 40])}")
    kind = g.r.choice(["hbh", "dst"])
    length = f"{i()}--{kind}-len {g.r.choice([8, 16])}" if g.chance(0.4) else ""
    wanted = f"--{kind}-opts {g.r.choice(['1', '0', '5:2', '1:0', '1:2', '5,1', '4:1,0', '194', '30:3', '1:255,1'])}" if g.chance(0.6) else ""
    frag = " ".join(word for word in [f"{i()}--fragid {g.r.choice(['7', '8:9', ':9'])}", "--fragres", "--fragfirst",
                                      g.r.choice(["--fragmore", "--fraglast"])] if g.chance(0.4))
    srh = " ".join(f"{i()}--srh-{name} {value}" for name, value in [
        ("next-hdr", g.r.choice([17, 6, 59])), ("hdr-len-eq", g.r.choice([0, 2, 4])), ("segs-left-eq", 1), ("segs-left-gt", 0),
        ("last-entry-lt", 2), ("tag", g.r.choice([0, 1, 256])), ("psid", ADDRESSES[0]), ("nsid", "2001:db8::/32"), ("lsid", ADDRESSES[1])]
        if g.chance(0.2))
    header = ",".join(g.r.sample(["hop", "dst", "route", "frag", "auth", "esp", "none", "prot"], g.r.randrange(1, 4)))
    ah = " ".join(word for word in [f"{i()}--ahspi {numbers(g)}", f"{i()}--ahlen {g.r.choice([12, 16, 20])}", "--ahres"] if g.chance(0.5))
    return g.r.choice([" ".join(rt), f"-m {kind} {length} {wanted}", f"-m frag {frag}", f"-m srh {srh}",
                       f"-m ipv6header {i()}--header {header} {g.r.choice(['', '--soft'])}", f"-m ah {ah}",
                       f"-p mh -m mh {i()}--mh-type {g.r.choice(['1', '2:5', 'hot', ':3'])}",
                       f"-p esp -m esp {i()}--espspi {numbers(g)}", f"-p ipcomp -m ipcomp {i()}--ipcompspi {numbers(g)}"])


def match4(g):
    i = g.inverted
    return g.r.choice([f"-p ah -m ah {i()}--ahspi {numbers(g)}", f"-p esp -m esp {i()}--espspi {numbers(g)}",
                       f"-p ipcomp -m ipcomp {i()}--ipcompspi {numbers(g)}"])


def headers(name, seed):
    g = Generator(seed)
    is6 = g.chance(0.8)
    host = g.host(is6)
    steps = []
    for _ in range(g.r.randrange(8, 16)):
        device = g.r.choice([interface["name"] for interface in host["interfaces"]])
        far, near = (FAR6, HOSTS6) if is6 else (FAR, HOSTS)
        source, destination = g.r.choice(near[device]), g.r.choice(far + near["wan0"])
        packet = (six if is6 else four)(g, source, destination)
        steps.append({"in": device, "frame": g.frame(device, packet, is6).hex()})
    lines = ["*mangle"]
    for chain_name in ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]:
        lines += [f"-A {chain_name} {(match6 if is6 else match4)(g)}" for _ in range(g.r.choice([4, 8, 12]))]
    host["ip6tables" if is6 else "iptables"] = "\n".join(lines + ["COMMIT", ""])
    return {"name": name, "about": "random chains of headers", "tags": ["random"], "host": host, "steps": steps}


KINDS = {"headers": headers}
