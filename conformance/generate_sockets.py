"""The kind `sockets`: hosts with sockets of every kind, rules that ask for them (socket, TPROXY, cgroup) or for the way back
(rpfilter), translated connections, and packets for, from and about the sockets."""

import ipaddress
import struct

from generator import FAR, FAR6, HOSTS, HOSTS6, Generator, checksum

PORTS = [53, 80, 5353, 8080]
FOREIGN = {False: "198.51.100.20", True: "2001:db8:99::1"}
OWN = {False: ["192.0.2.1", "203.0.113.1"], True: ["2001:db8:1::1", "2001:db8:2::1"]}
GROUPS = {False: ["192.0.2.255", "255.255.255.255", "224.0.0.1"], True: ["ff02::1"]}


def packed(text):
    return ipaddress.ip_address(text).packed


def packet(six, source, destination, number, body, at):
    s, d = packed(source), packed(destination)
    pseudo = s + d + (struct.pack("!IxxxB", len(body), number) if six else struct.pack("!xBH", number, len(body)))
    value = checksum((b"" if number == 1 else pseudo) + body[:at] + b"\0\0" + body[at + 2:])
    body = body[:at] + struct.pack("!H", value or (0xffff if number == 17 else 0)) + body[at + 2:]
    if six:
        return struct.pack("!IHBB", 6 << 28, len(body), number, 64) + s + d + body
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 0x1234, 0, 64, number, 0, s, d)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def datagram(g, six, source, destination, sport, dport):
    data = g.payload(40)
    return packet(six, source, destination, 17, struct.pack("!HHHH", sport, dport, 8 + len(data), 0) + data, 6)


def segment(g, six, source, destination, sport, dport, flags=None):
    flags = g.r.choice([2, 2, 2, 2, 0x10, 0x12, 4, 0x11]) if flags is None else flags
    acknowledged = 9 if flags & 0x10 else 0
    body = struct.pack("!HHIIBBHHH", sport, dport, 1000, acknowledged, 5 << 4, flags, 8192, 0, 0)
    return packet(six, source, destination, 6, body, 16)


def error(g, six, source, destination, about):
    kind = g.r.choice([1, 1, 2, 3, 4, 128] if six else [3, 3, 4, 5, 11, 12, 0])
    if g.chance(0.15):
        about = about[:g.r.randrange(len(about) + 1)]
    code = 4 if six and kind == 1 else 3 if kind == 3 and not six else 0
    rest = struct.pack("!I", 1400 if kind == 2 and six else 0)
    return packet(six, source, destination, 58 if six else 1, struct.pack("!BBH", kind, code, 0) + rest + about, 2)


def pieces(g, whole):
    """An IPv4 packet in two fragments."""
    body = whole[20:]
    cut = 8 * g.r.randrange(1, max(2, len(body) // 8))
    for part, field in ((body[:cut], 0x2000), (body[cut:], cut // 8)):
        head = bytearray(whole[:20])
        head[2:4] = struct.pack("!H", 20 + len(part))
        head[6:8] = struct.pack("!H", field)
        head[10:12] = b"\0\0"
        head[10:12] = struct.pack("!H", checksum(bytes(head)))
        if part:
            yield bytes(head) + part


def sockets(g, six):
    found = {}
    for _ in range(g.r.randrange(1, 6)):
        address = g.r.choice(["::" if six else "0.0.0.0", OWN[six][0], OWN[six][1], FOREIGN[six]])
        proto, port = g.r.choice(["udp", "tcp"]), g.r.choice(PORTS)
        transparent = address == FOREIGN[six] or g.chance(0.6)
        # A port belongs to one socket: what is bound to no address excludes all others.
        found.setdefault((proto, port), {"proto": proto, "address": address, "port": port, "transparent": transparent})
    return list(found.values())


def socket_match(g):
    return "-m socket " + " ".join(word for word in ["--transparent", "--nowildcard", "--restore-skmark"] if g.chance(0.35))


def path_match(g):
    return "-m rpfilter " + " ".join(word for word in ["--loose", "--validmark", "--accept-local", "--invert"] if g.chance(0.3))


def tproxy(g, six):
    words = [f"-p {g.r.choice(['udp', 'tcp'])}"]
    if g.chance(0.6):
        words.append(f"--dport {g.r.choice(PORTS)}")
    words.append(f"-j TPROXY --on-port {g.r.choice(PORTS + [0, 9])}")
    if g.chance(0.4):
        words.append(f"--on-ip {g.r.choice(OWN[six] + [FOREIGN[six]])}")
    if g.chance(0.8):
        words.append(f"--tproxy-mark {g.r.choice(['1', '0x1/0x1', '0x11/0x10', '0x2/0x2'])}")
    return " ".join(words)


def rules(g, six):
    before = []
    for _ in range(g.r.randrange(1, 7)):
        before.append(g.r.choice([
            lambda: f"{socket_match(g)} {g.r.choice(['', '', '-j ACCEPT', '-j MARK --set-mark 1', '-j DROP'])}",
            lambda: tproxy(g, six), lambda: tproxy(g, six),
            lambda: f"{path_match(g)} {g.r.choice(['', '', '-j MARK --set-mark 2'])}",
            lambda: f"-m mark {g.inverted()}--mark 1", lambda: "-j MARK --set-mark 2",
            lambda: "-m physdev ! --physdev-is-in", lambda: "-m policy --dir in --pol none"])())
    text = "*mangle\n" + "".join(f"-A PREROUTING {rule}\n" for rule in before)
    text += "".join(f"-A INPUT {socket_match(g)}\n" for _ in range(g.r.randrange(3)))
    for chain in ("INPUT", "OUTPUT", "POSTROUTING"):
        if g.chance(0.6):
            text += f"-A {chain} -m cgroup {g.inverted()}{g.r.choice(['--cgroup 0', '--cgroup 7', '--path /'])}\n"
    if g.chance(0.5):
        text += "-A INPUT -j LOG --log-uid\n"
    text += "COMMIT\n"
    if g.chance(0.3):
        text += f"*raw\n-A PREROUTING {path_match(g)}\n" + ("-A PREROUTING -j NOTRACK\n" if g.chance(0.3) else "") + "COMMIT\n"
    if g.chance(0.5):
        own, other = OWN[six][1], "2001:db8:2::77" if six else "203.0.113.77"
        port = f"[{own}]:7000" if six else f"{own}:7000"
        choices = [f"-A POSTROUTING -o wan0 -p udp -j SNAT --to-source {port}",
                   f"-A POSTROUTING -o wan0 -j SNAT --to-source {other}",
                   f"-A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080",
                   f"-A PREROUTING -p udp --dport 53 -j DNAT --to-destination {OWN[six][0]}"]
        text += "*nat\n" + "".join(f"{line}\n" for line in g.r.sample(choices, g.r.randrange(1, 3))) + "COMMIT\n"
    return text


def one(g, six, device):
    """A packet that comes in by an interface."""
    hosts = (HOSTS6 if six else HOSTS)[device]
    peer = g.r.choice(hosts + hosts + (FAR6 if six else FAR)[:2] + OWN[six])
    to = g.r.choice(OWN[six] * 2 + [FOREIGN[six]] * 4 + GROUPS[six][:1] + ["2001:db8:2::77" if six else "203.0.113.77"])
    sport, dport = g.r.choice([4000, 53]), g.r.choice(PORTS + [7000])
    make = g.r.choice([datagram, segment])
    if g.chance(0.25):
        own = g.r.choice(OWN[six] + [FOREIGN[six]])
        return error(g, six, peer, g.r.choice(OWN[six] + [to]), make(g, six, own, g.r.choice(hosts), dport, sport))
    return make(g, six, peer, to, sport, dport)


def scenario(name, seed):
    g = Generator(seed)
    six = g.chance(0.4)
    host = g.host(six)
    host["sockets"] = sockets(g, six)
    flag = "-6 " if six else ""
    if g.chance(0.8):
        host["routes"].append(f"{flag}local default dev lo table 200")
        host["rules"].append(f"{flag}fwmark 0x1/0x1 table 200")
    if g.chance(0.3):
        host["routes"].append(f"{flag}{'2001:db8:97::/48' if six else '8.8.0.0/16'} dev lan0 table 201")
        host["rules"].append(f"{flag}fwmark 0x2/0x2 table 201")
    for setting in ("net.ipv4.ip_early_demux", "net.ipv4.tcp_early_demux"):
        if g.chance(0.1):
            host["sysctls"][setting] = "0"
    host["ip6tables" if six else "iptables"] = rules(g, six)
    steps, frames = [], []
    for _ in range(g.r.randrange(8, 18)):
        device = g.r.choice(["lan0", "lan0", "wan0"])
        kind = g.r.random()
        if kind < 0.12:
            source = g.r.choice(OWN[six])
            steps.append({"send": datagram(g, six, source, g.r.choice((HOSTS6 if six else HOSTS)["wan0"]), g.r.choice(PORTS), 4000).hex()})
        elif kind < 0.3 and frames:
            steps.append(g.r.choice(frames))
        elif kind < 0.36 and not six:
            for part in pieces(g, one(g, six, device)):
                steps.append({"in": device, "frame": g.frame(device, part, six).hex()})
        elif kind < 0.4:
            steps.append({"run": f"{'ip6tables' if six else 'iptables'} -t mangle -F PREROUTING"})
        else:
            frames.append({"in": device, "frame": g.frame(device, one(g, six, device), six).hex()})
            steps.append(frames[-1])
    return {"name": name, "about": "random sockets and rules that ask for them", "tags": ["random", "sockets"], "host": host,
            "steps": steps}


KINDS = {"sockets": scenario}
