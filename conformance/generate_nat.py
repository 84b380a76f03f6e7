"""The kind `nat`: conversations through translations of every sort, with answers to all the addresses that they may have
been translated to, clashes of ports, and ICMP errors about what was sent."""

import ipaddress
import struct

from generate_state import error, ip
from generator import FAR, FAR6, HOSTS, HOSTS6, Generator, checksum

OUTSIDE = {4: ["203.0.113.1", "203.0.113.9", "203.0.113.5", "203.0.113.6"],
           6: ["2001:db8:2::1", "2001:db8:2::5", "2001:db8:2::6"]}
SERVERS = {4: ["10.0.0.80", "10.0.0.81", "10.0.0.82"], 6: ["fd00:3::80", "fd00:3::81"]}
PORTS = [1, 500, 800, 1024, 40000, 40001]
SERVICES = [21, 53, 80, 443, 8080]


def addresses(g, family, pool):
    """One address, or a range of two or more."""
    low, high = sorted(g.r.sample(pool[family][-2:], 2), key=lambda a: int(ipaddress.ip_address(a)))
    return f"{low}-{high}" if g.chance(0.4) else g.r.choice(pool[family])


def with_ports(g, family, address, ports):
    return f"[{address}]:{ports}" if family == 6 else f"{address}:{ports}"


def rules(g, family):
    six = family == 6
    lines = {chain: [] for chain in ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING")}
    transport = ["-p udp", "-p tcp", "-p icmp" if not six else "-p ipv6-icmp", ""]
    for _ in range(g.r.randrange(1, 4)):
        match = g.r.choice(transport)
        where = g.r.choice(["-o wan0", "-o wan0", "-o dmz0", "-s 192.0.2.0/24" if not six else "-s 2001:db8:1::/64"])
        flags = g.r.choice(["", "", "", " --persistent"])
        target = g.r.choice(["MASQUERADE", "MASQUERADE", "SNAT", "SNAT", "NETMAP"])
        if target == "MASQUERADE":
            rule = "-j MASQUERADE"
        elif target == "SNAT":
            to = addresses(g, family, OUTSIDE)
            if match in ("-p udp", "-p tcp") and g.chance(0.3):
                to = with_ports(g, family, to, "5000")
            rule = f"-j SNAT --to-source {to}{flags}"
        else:
            rule = "-j NETMAP --to " + ("2001:db8:2:9::/64" if six else "203.0.113.64/26")
        lines["POSTROUTING"].append(f"-A POSTROUTING {where} {match} {rule}")
    for chain in ("PREROUTING", "OUTPUT"):
        for _ in range(g.r.randrange(0, 3)):
            match = g.r.choice(transport)
            where = g.r.choice(["", f"-d {g.r.choice(OUTSIDE[family])}", f"-d {g.r.choice((FAR6 if six else FAR)[:2])}"])
            if match in ("-p udp", "-p tcp") and g.chance(0.7):
                match += f" --dport {g.r.choice(SERVICES)}"
            target = g.r.choice(["DNAT", "DNAT", "DNAT", "REDIRECT", "NETMAP"])
            if target == "DNAT":
                to = addresses(g, family, SERVERS)
                if match.startswith(("-p udp", "-p tcp")) and g.chance(0.5):
                    ports = g.r.choice(["8080", "8000-8003", "80"])
                    to = with_ports(g, family, to, ports)
                rule = f"-j DNAT --to-destination {to}{g.r.choice(['', '', ' --persistent'])}"
            elif target == "REDIRECT":
                ports = f" --to-ports {g.r.choice(['53', '8080', '5000-5001'])}"
                rule = "-j REDIRECT" + (ports if match.startswith(("-p udp", "-p tcp")) and g.chance(0.6) else "")
            else:
                where = "-d 2001:db8:99::/64" if six else "-d 198.51.100.0/24"
                rule = "-j NETMAP --to " + ("fd00:3::/64" if six else "10.0.0.0/24")
            lines[chain].append(f"-A {chain} {where} {match} {rule}")
    if g.chance(0.2):
        lines["INPUT"].append(f"-A INPUT {g.r.choice(transport)} -j SNAT --to-source {SERVERS[family][0]}")
    text = "*nat\n" + "".join(f":{chain} ACCEPT [0:0]\n" for chain in lines)
    text += "".join(line.replace("  ", " ").replace("  ", " ") + "\n" for chain in lines.values() for line in chain)
    filters = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
    for chain in ("INPUT", "FORWARD", "OUTPUT"):
        for state in ("NEW", "ESTABLISHED", "RELATED", "INVALID", "SNAT", "DNAT"):
            filters += f"-A {chain} -m conntrack --ctstate {state}\n"
        if g.chance(0.3):
            filters += f"-A {chain} -m conntrack --ctstate INVALID -j DROP\n"
    return text + "COMMIT\n" + filters + "COMMIT\n"


class Talk:
    def __init__(self, g, family):
        self.g, self.family = g, family
        six = family == 6
        near, far = (HOSTS6, FAR6) if six else (HOSTS, FAR)
        self.client = g.r.choice(near["lan0"][:2])
        self.server = g.r.choice(far[:2] + near["wan0"] + OUTSIDE[family] + SERVERS[family][:1])
        self.kind = g.r.choice(["udp", "udp", "udp", "tcp", "tcp", "echo", "echo", "sctp", "other", "udplite"])
        self.sport, self.dport = g.r.choice(PORTS), g.r.choice(SERVICES)
        if self.kind == "sctp":
            # A port that NAT chose at random is not masked in SCTP: no clashes.
            self.sport = g.r.randrange(20000, 30000)
        self.id = g.r.choice([1, 2, 777])
        self.sent = []
        self.handshake = 0

    def transport(self, source, target, sport, dport, reply):
        g = self.g
        six = self.family == 6
        at = 6
        if self.kind in ("udp", "udplite"):
            data = g.payload(20)
            number = 17 if self.kind == "udp" else 136
            body = struct.pack("!HHHH", sport, dport, 8 + len(data) if number == 17 else 0, 0) + data
        elif self.kind == "tcp":
            number, at = 6, 16
            flags = 0x12 if reply else g.r.choice([2, 2, 2, 0x10, 4, 0x11])
            body = struct.pack("!HHIIBBHHH", sport, dport, 5000 if reply else 1000 + (flags != 2), 1001 if reply else
                               (5001 if flags != 2 else 0), 0x50, flags, 8192, 0, 0)
        elif self.kind == "echo":
            number, at = (58 if six else 1), 2
            body = struct.pack("!BBHHH", ((129 if reply else 128) if six else (0 if reply else 8)), 0, 0, self.id, 1)
            body += g.payload(20)
        elif self.kind == "sctp":
            number, at = 132, None
            body = struct.pack("!HHII", sport, dport, 0, 0) + bytes.fromhex("0100001400000001000010000001000100000001")
            body = body[:8] + struct.pack("<I", crc32c(body)) + body[12:]
        else:
            number, at, body = 99, None, g.payload(20)
        if at is not None:
            s, d = ipaddress.ip_address(source).packed, ipaddress.ip_address(target).packed
            pseudo = b"" if number == 1 else (s + d + (struct.pack("!IHBB", len(body), 0, 0, number) if six
                                                      else struct.pack("!BBH", 0, number, len(body))))
            value = checksum(pseudo + body[:at] + b"\0\0" + body[at + 2:]) or (0xffff if number == 17 else 0)
            if number == 17 and not six and g.chance(0.1):
                value = 0
            body = body[:at] + struct.pack("!H", value) + body[at + 2:]
        return number, body

    def request(self):
        number, body = self.transport(self.client, self.server, self.sport, self.dport, False)
        packet = ip(self.g, self.client, self.server, number, body)
        self.sent.append(packet)
        return "lan0", packet

    def answer(self):
        """From whom the packet may have reached, to where it may have come from."""
        g = self.g
        source = g.r.choice([self.server] * 3 + SERVERS[self.family])
        target = g.r.choice([self.client] + OUTSIDE[self.family] * 2)
        dport = g.r.choice([self.sport] * 4 + [5000])
        sport = g.r.choice([self.dport] * 4 + [8080, 8000, 80])
        number, body = self.transport(source, target, sport, dport, True)
        packet = ip(g, source, target, number, body)
        self.sent.append(packet)
        return ("dmz0" if source in SERVERS[self.family] else "wan0"), packet

    def error(self):
        """About a packet as its receiver may have seen it: with the source translated."""
        g = self.g
        packet = g.r.choice(self.sent)
        if g.chance(0.7):
            at, length = (8, 16) if self.family == 6 else (12, 4)
            other = ipaddress.ip_address(g.r.choice(OUTSIDE[self.family])).packed
            packet = packet[:at] + other + packet[at + length:]
        return g.r.choice(["wan0", "wan0", "dmz0", "lan0"]), error(g, packet, self.family == 6)


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def scenario(name, seed):
    g = Generator(seed)
    six = g.chance(0.4)
    interfaces = [{"name": n, "mac": m, "mtu": 1500, "addresses": a + ([b] if six else [])} for n, m, a, b in (
        ("lan0", "02:00:00:00:00:01", ["192.0.2.1/24"], "2001:db8:1::1/64"),
        ("wan0", "02:00:00:00:00:02", ["203.0.113.1/24", "203.0.113.9/24"], "2001:db8:2::1/64"),
        ("dmz0", "02:00:00:00:00:03", ["10.0.0.1/24"], "fd00:3::1/64"))]
    neighbors = [{"dev": "wan0", "ip": "203.0.113.254", "mac": "02:00:00:00:02:fe"}]
    neighbors += [{"dev": "lan0", "ip": a, "mac": "02:00:00:00:01:10"} for a in HOSTS["lan0"] + (HOSTS6["lan0"] if six else [])]
    neighbors += [{"dev": "dmz0", "ip": a, "mac": "02:00:00:00:03:80"} for a in SERVERS[4] + (SERVERS[6] if six else [])]
    neighbors += [{"dev": "wan0", "ip": a, "mac": "02:00:00:00:02:80"} for a in HOSTS["wan0"][1:] + (HOSTS6["wan0"] if six else [])]
    routes = ["default via 203.0.113.254 dev wan0"] + (["-6 default via 2001:db8:2::fe dev wan0"] if six else [])
    host = {"interfaces": interfaces, "neighbors": neighbors, "routes": routes, "rules": [],
            "sysctls": {"net.ipv4.ip_forward": "1", **({"net.ipv6.conf.all.forwarding": "1"} if six else {})},
            "sockets": [{"proto": "udp", "address": "::" if six else "0.0.0.0", "port": p} for p in (53, 8080)],
            "ipset": "", "iptables": rules(g, 4), "ip6tables": rules(g, 6) if six else ""}
    talks = [Talk(g, 6 if six and g.chance(0.7) else 4) for _ in range(g.r.randrange(2, 6))]
    steps = []
    for _ in range(g.r.randrange(12, 30)):
        talk = g.r.choice(talks)
        what = g.r.random()
        if talk.sent and what < 0.15:
            device, packet = talk.error()
        elif talk.sent and what < 0.5:
            device, packet = talk.answer()
        elif what < 0.6:
            # The host itself begins.
            own = OUTSIDE[talk.family][0]
            number, body = talk.transport(own, talk.server, talk.sport, talk.dport, False)
            steps.append({"send": ip(g, own, talk.server, number, body).hex()})
            continue
        else:
            device, packet = talk.request()
        steps.append({"in": device, "frame": g.frame(device, packet, talk.family == 6).hex()})
    return {"name": name, "about": "random nat", "tags": ["random", "nat"], "host": host, "steps": steps}


KINDS = {"nat": scenario}
