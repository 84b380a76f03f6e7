"""The kind `flows`: rules that judge a flow by its headers as a whole (HMARK, osf) or answer in place of its other end (SYNPROXY),
with random packets, some of them quoted in ICMP errors, and connections with and without translation."""

import ipaddress
import struct

from generator import FAR, FAR6, HOSTS, HOSTS6, Generator, checksum


def hmark(g, six):
    longest = 128 if six else 32
    words = []
    if g.chance(0.6):
        parts = g.r.sample(["src", "dst", "proto"] + g.r.choice([["sport", "dport"], ["spi"], []]), g.r.choice([1, 2, 3]))
        words.append(f"--hmark-tuple {','.join(parts + (['ct'] if g.chance(0.4) else []))}")
    else:
        words += [f"--hmark-{side}-prefix {g.r.choice([0, 1, 8, 24, 31, longest - 1, longest])}" for side in ("src", "dst")
                  if g.chance(0.8)]
        words += g.r.choice([[f"--hmark-sport-mask {g.r.getrandbits(16)}", f"--hmark-dport-mask {g.r.getrandbits(16)}"],
                             [f"--hmark-spi-mask {g.r.getrandbits(32)}"], ["--hmark-dport-mask 0xffff"]])
        words += g.r.choice([[], [], [f"--hmark-sport {g.r.getrandbits(16)}"], [f"--hmark-spi {g.r.getrandbits(32)}"]])
        if g.chance(0.5):
            words.append(f"--hmark-proto-mask {g.r.getrandbits(16)}")
    if g.chance(0.5):
        words.append(f"--hmark-offset {g.r.getrandbits(32)}")
    modulus = g.r.choice([1, 2, 7, 1000, 0xffffffff, g.r.randrange(1, 1 << 32)])
    return f"-j HMARK {' '.join(words)} --hmark-mod {modulus} --hmark-rnd {g.r.getrandbits(32)}"


def osf(g):
    words = [f"{g.inverted()}--genre {g.r.choice(['Linux', 'Windows', 'Other'])}"]
    if g.chance(0.6):
        words.append(f"--ttl {g.r.randrange(3)}")
    if g.chance(0.4):
        words.append(f"--log {g.r.randrange(3)}")
    return f"-p tcp -m osf {' '.join(words)}"


LETTERS = {0: "E", 1: "N", 2: "M*", 3: "W*", 4: "S", 8: "T"}
LENGTHS = {0: 1, 1: 1, 2: 4, 3: 3, 4: 2, 8: 10}


def fingerprint(g, packet):
    """The fingerprint of an IPv4 packet with TCP, at times with something else in it; None if it has none."""
    header = (packet[0] & 15) * 4
    if packet[9] != 6 or len(packet) < header + 20:
        return None
    options, letters = packet[header + 20:header + (packet[header + 12] >> 4) * 4], []
    while options:
        if options[0] not in LETTERS:
            return None
        letters.append(LETTERS[options[0]])
        options = options[LENGTHS[options[0]]:]
    window, = struct.unpack_from("!H", packet, header + 14)
    size, = struct.unpack_from("!H", packet, 2)
    window = g.r.choice([window, window, "*", f"%{g.r.choice([1, 2, 1024, 5])}", "S1", "T1"])
    ttl = g.r.choice([packet[8], packet[8], 64, 255])
    df = packet[6] >> 6 & 1 if g.chance(0.9) else g.r.randrange(2)
    genre = g.r.choice(["Linux", "Windows", "@Other", "*Linux"])
    return f"{window}:{ttl}:{df}:{size}:{','.join(letters) or '.'}:\t{genre}:{g.r.choice(['', '1', '2.6-5'])}:x{g.r.randrange(3)}:"


def synproxy(g):
    words = [word for word in ("--sack-perm", "--ecn", f"--wscale {g.r.randrange(15)}", f"--mss {g.r.randrange(65536)}")
             if g.chance(0.6)]
    protocol = "-p tcp" + g.r.choice(["", " --syn", f" --dport {g.ports()}", " -m conntrack --ctstate INVALID,UNTRACKED"])
    return f"{protocol} -j SYNPROXY {' '.join(words)}"


def syn(g, source, destination, six):
    """A SYN, without timestamps: what a proxy answers with would hold the time."""
    options = b"".join(g.r.sample([b"\2\4\5\xb4", b"\3\3\7", b"\4\2", b"\1", b"\2\4\x02\x18", b"\3\3\xff"], g.r.randrange(5)))
    options += g.r.choice([b"\1", b"\0"]) * (-len(options) % 4)
    flags = g.r.choice([2, 2, 2, 0xc2, 0x10, 0x12, 0x11, 4, 0x0a])
    head = struct.pack("!HHIIBBHHH", g.r.choice([1024, 4000]), g.r.choice([22, 80]), g.r.getrandbits(32),
                       g.r.getrandbits(32) if flags & 16 else 0, (5 + len(options) // 4) << 4, flags,
                       g.r.choice([0, 1460, 5840, 65535]), 0, 0) + options + (g.payload(20) if g.chance(0.2) else b"")
    if six:
        s, d = ipaddress.IPv6Address(source).packed, ipaddress.IPv6Address(destination).packed
        pseudo = s + d + struct.pack("!IxxxB", len(head), 6)
    else:
        s, d = ipaddress.IPv4Address(source).packed, ipaddress.IPv4Address(destination).packed
        pseudo = s + d + struct.pack("!BBH", 0, 6, len(head))
    head = head[:16] + struct.pack("!H", checksum(pseudo + head)) + head[18:]
    if six:
        return struct.pack("!IHBB16s16s", 6 << 28, len(head), 6, 64, s, d) + head
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(head), g.r.randrange(1, 65536), g.r.choice([0, 0x4000]),
                     g.r.choice([64, 63, 128]), 6, 0, s, d)
    return ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + head


def quoted(g, packet, source, destination, six):
    """An ICMP error about a packet, from its destination."""
    body = g.r.choice([packet, packet[:28], packet[:48], packet[:15]])
    if six:
        s, d = ipaddress.IPv6Address(destination).packed, ipaddress.IPv6Address(source).packed
        message = struct.pack("!BBHI", g.r.choice([1, 2, 3, 4]), 0, 0, 0) + body
        value = checksum(s + d + struct.pack("!IxxxB", len(message), 58) + message)
        message = message[:2] + struct.pack("!H", value) + message[4:]
        return struct.pack("!IHBB16s16s", 6 << 28, len(message), 58, 64, s, d) + message
    s, d = ipaddress.IPv4Address(destination).packed, ipaddress.IPv4Address(source).packed
    message = struct.pack("!BBHI", g.r.choice([3, 4, 5, 11, 12]), g.r.choice([0, 1, 3]), 0, 0) + body
    message = message[:2] + struct.pack("!H", checksum(message)) + message[4:]
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(message), 7, 0, 64, 1, 0, s, d)
    return ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + message


def rules(g, six, proxy):
    def marks(chain):
        return [line for _ in range(g.r.randrange(1, 4))
                for line in (f"-A {chain} {hmark(g, six)}", f"-A {chain} -j LOG")]
    lines = ["*mangle"] + marks("PREROUTING") + marks("POSTROUTING")
    if not six:
        lines += [f"-A {chain} {osf(g)}" for chain in ("PREROUTING", "FORWARD", "INPUT") for _ in range(g.r.randrange(3))]
    lines.append("COMMIT")
    if proxy or g.chance(0.5):
        lines.append("*raw")
        if proxy and g.chance(0.7):
            lines.append("-A PREROUTING -p tcp --syn -j CT --notrack")
        lines += ([f"-A PREROUTING {hmark(g, six)}"] if g.chance(0.3) else []) + ["COMMIT"]
    if g.chance(0.4):
        lines += ["*nat", "-A POSTROUTING -o wan0 -j " + g.r.choice(["MASQUERADE", f"SNAT --to-source {'2001:db8:2::1' if six else '203.0.113.1'}"]),
                  "COMMIT"]
    lines.append("*filter")
    if proxy:
        lines += [f"-A {chain} {synproxy(g)}" for chain in ("INPUT", "FORWARD") for _ in range(g.r.randrange(1, 3))]
    return "\n".join(lines + ["-A FORWARD -m conntrack --ctstate INVALID", "COMMIT", ""])


def flows(name, seed):
    g = Generator(seed)
    six = g.chance(0.4)
    proxy = g.chance(0.5)
    host = g.host(six)
    if g.chance(0.4):
        host["sysctls"]["net.netfilter.nf_conntrack_tcp_loose"] = "0"
    prints, steps = [], []
    for _ in range(g.r.randrange(4, 12)):
        device = g.r.choice([interface["name"] for interface in host["interfaces"]])
        far, near = (FAR6, HOSTS6) if six else (FAR, HOSTS)
        source = g.r.choice(near[device])
        destination = g.r.choice(far + near["wan0"] + (["2001:db8:1::1"] if six else ["192.0.2.1", "203.0.113.1"]))
        if proxy or g.chance(0.4):
            packet = syn(g, source, destination, six)
        else:
            packet = g.ipv6(source, destination) if six else g.ipv4(source, destination)
        if not six and g.chance(0.6):
            prints.append(fingerprint(g, packet))
        steps.append({"in": device, "frame": g.frame(device, packet, six).hex()})
        if g.chance(0.4):
            error = quoted(g, packet, source, destination, six)
            steps.append({"in": "wan0", "frame": g.frame("wan0", error, six).hex()})
    host["ip6tables" if six else "iptables"] = rules(g, six, proxy)
    host["fingerprints"] = "".join(f"{line}\n" for line in prints if line)
    return {"name": name, "about": "random rules that judge or answer flows", "tags": ["random"], "host": host, "steps": steps}


KINDS = {"flows": flows}
