"""The kind `state`: conversations through rules that ask for connection tracking. Packets answer packets, errors quote
them, time passes; nothing is translated, so that the answers are known beforehand."""

import ipaddress
import struct

from generator import FAR, FAR6, HOSTS, HOSTS6, Generator, checksum

STATES = ["NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED", "NEW,RELATED", "ESTABLISHED,RELATED"]
TIMEOUTS = {"nf_conntrack_udp_timeout": 3, "nf_conntrack_udp_timeout_stream": 6, "nf_conntrack_icmp_timeout": 3,
            "nf_conntrack_icmpv6_timeout": 3, "nf_conntrack_generic_timeout": 4}


class Flow:
    """Two ends that talk; `body(reply)` makes the transport part of a packet."""

    def __init__(self, g, six):
        self.six = six
        near, far = (HOSTS6, FAR6) if six else (HOSTS, FAR)
        own = ["2001:db8:1::1", "2001:db8:2::1"] if six else ["192.0.2.1", "203.0.113.1"]
        self.client_device = "lan0"
        self.client = g.r.choice(near["lan0"])
        if g.chance(0.2):
            self.server, self.server_device = g.r.choice(own), None
        elif g.chance(0.3):
            self.server, self.server_device = g.r.choice(near["dmz0"]), "dmz0"
        else:
            self.server, self.server_device = g.r.choice(far[:2] + near["wan0"]), "wan0"
        kinds = ["udp"] * 4 + ["echo"] * 3 + ["udplite", "timestamp", "other", "sctp-like"]
        # The host would answer with its time of day.
        self.kind = g.r.choice([kind for kind in kinds if kind != "timestamp" or self.server_device])
        self.sport, self.dport = g.r.choice([1, 1024, 40000, 5000]), g.r.choice([53, 80, 123, 2222])
        self.id = g.r.randrange(65536)
        self.number = g.r.choice([50, 89, 99, 253, 33])
        self.seen = []

    def packet(self, g, reply):
        s, d = (self.server, self.client) if reply else (self.client, self.server)
        sp, dp = (self.dport, self.sport) if reply else (self.sport, self.dport)
        at = 6
        if self.kind == "udp":
            data = g.payload()
            number, body = 17, struct.pack("!HHHH", sp, dp, 8 + len(data), 0) + data
        elif self.kind == "udplite":
            data = g.payload()
            number, body = 136, struct.pack("!HHHH", sp, dp, 0, 0) + data
        elif self.kind in ("echo", "timestamp") and (self.kind == "echo" or not self.six):
            at = 2
            request, answer = ((128, 129) if self.six else (8, 0)) if self.kind == "echo" else (13, 14)
            number = 58 if self.six else 1
            body = struct.pack("!BBHHH", answer if reply else request, 0, 0, self.id, g.r.randrange(9)) + g.payload()
        else:
            number, body, at = self.number, g.payload(), None
        source, target = ipaddress.ip_address(s).packed, ipaddress.ip_address(d).packed
        if at is not None:
            pseudo = b"" if number == 1 else (source + target + (struct.pack("!IHBB", len(body), 0, 0, number) if self.six
                                                                else struct.pack("!BBH", 0, number, len(body))))
            value = checksum(pseudo + body[:at] + b"\0\0" + body[at + 2:]) or 0xffff
            if g.chance(0.06):
                value ^= 0x1111
            body = body[:at] + struct.pack("!H", value) + body[at + 2:]
        if g.chance(0.03):
            body = body[:g.r.randrange(len(body) + 1)]
        packet = ip(g, s, d, number, body)
        self.seen.append(packet)
        return packet


def ip(g, s, d, number, body, ttl=64):
    source, target = ipaddress.ip_address(s), ipaddress.ip_address(d)
    if source.version == 6:
        return struct.pack("!IHBB", 0x60000000, len(body), number, ttl) + source.packed + target.packed + body
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), g.r.randrange(1, 65536), 0x4000, ttl, number, 0,
                       source.packed, target.packed)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def error(g, quoted, six):
    """An ICMP error about a packet, from a router on the way or from its target, to its source or to somebody else."""
    source = str(ipaddress.ip_address(quoted[8:24] if six else quoted[12:16]))
    target = str(ipaddress.ip_address(quoted[24:40] if six else quoted[16:20]))
    other = "2001:db8:1::11" if six else "192.0.2.11"
    sender = target if g.chance(0.5) else ("2001:db8:2::fe" if six else "203.0.113.254")
    receiver = source if g.chance(0.85) else other
    kind, code = g.r.choice([(1, 4), (1, 0), (2, 0), (3, 0), (4, 1)] if six else [(3, 3), (3, 1), (3, 4), (11, 0), (12, 0), (5, 1)])
    part = quoted[:g.r.choice([len(quoted), 48 if six else 28, 44 if six else 24, 30])]
    body = struct.pack("!BBHI", kind, code, 0, 1280 if (kind, code) in ((2, 0), (3, 4)) else 0) + part
    pseudo = (ipaddress.ip_address(sender).packed + ipaddress.ip_address(receiver).packed +
              struct.pack("!IHBB", len(body), 0, 0, 58)) if six else b""
    value = checksum(pseudo + body)
    body = body[:2] + struct.pack("!H", value if not g.chance(0.05) else value ^ 1) + body[4:]
    return ip(g, sender, receiver, 58 if six else 1, body)


def rules(g, six):
    raw = "*raw\n" + "".join(f":{c} ACCEPT [0:0]\n" for c in ("PREROUTING", "OUTPUT"))
    for chain in ("PREROUTING", "OUTPUT"):
        if g.chance(0.25):
            raw += f"-A {chain} {g.r.choice(['-p udp', '-p icmp' if not six else '-p ipv6-icmp', '-p 99'])} -j CT --notrack\n"
        if g.chance(0.15):
            raw += f"-A {chain} -j CT --zone {g.r.choice(['7', 'mark'])}\n"
    mangle = "*mangle\n" + "".join(f":{c} ACCEPT [0:0]\n" for c in
                                   ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"))
    if g.chance(0.5):
        mangle += "-A PREROUTING -j CONNMARK --restore-mark\n"
        mangle += f"-A PREROUTING -m mark --mark 0 -m conntrack --ctstate NEW -j MARK --set-mark {g.r.choice([1, 5])}\n"
        mangle += "-A PREROUTING -j CONNMARK --save-mark\n"
    text = "*filter\n"
    for chain in ("INPUT", "FORWARD", "OUTPUT"):
        text += f":{chain} ACCEPT [0:0]\n"
    for chain in ("INPUT", "FORWARD", "OUTPUT"):
        for state in g.r.sample(STATES, g.r.randrange(2, 6)):
            match = g.r.choice([f"-m conntrack --ctstate {state}", f"-m state --state {state}",
                                f"-m conntrack ! --ctstate {state}"])
            text += f"-A {chain} {match}\n"
        text += f"-A {chain} -m conntrack --ctstatus {g.r.choice(['SEEN_REPLY', 'ASSURED', 'CONFIRMED', 'NONE', 'EXPECTED'])}\n"
        text += f"-A {chain} -m conntrack --ctdir {g.r.choice(['ORIGINAL', 'REPLY'])}\n"
        if g.chance(0.3):
            text += f"-A {chain} -m conntrack --ctexpire {g.r.choice(['0:2', '3:5', '100:200', '29:30'])}\n"
        if g.chance(0.5):
            text += f"-A {chain} -m conntrack --ctstate INVALID -j {g.r.choice(['DROP', 'LOG --log-prefix inv:'])}\n"
        if g.chance(0.25):
            text += f"-A {chain} -m conntrack --ctstate NEW -p udp -j {g.r.choice(['DROP', 'REJECT'])}\n"
    return raw + "COMMIT\n" + mangle + "COMMIT\n" + text + "COMMIT\n"


def scenario(name, seed):
    g = Generator(seed)
    six = g.chance(0.4)
    host = g.host(six)
    host["rules"] = []
    host["sysctls"]["net.ipv4.ip_forward"] = "1"
    if six:
        host["sysctls"]["net.ipv6.conf.all.forwarding"] = "1"
    host["iptables"] = rules(g, False)
    if six:
        host["ip6tables"] = rules(g, True)
    for setting, seconds in TIMEOUTS.items():
        if g.chance(0.3):
            host["sysctls"][f"net.netfilter.{setting}"] = str(seconds)
    if g.chance(0.3):
        host["sysctls"]["net.netfilter.nf_conntrack_acct"] = "1"
    devices = [interface["name"] for interface in host["interfaces"]]
    flows = [Flow(g, six and g.chance(0.7)) for _ in range(g.r.randrange(2, 5))]
    steps = []
    for _ in range(g.r.randrange(15, 35)):
        flow = g.r.choice(flows)
        reply = g.chance(0.4)
        if flow.seen and g.chance(0.15):
            packet = error(g, g.r.choice(flow.seen), flow.six)
        else:
            packet = flow.packet(g, reply)
        device = (flow.server_device if reply else flow.client_device) or "lan0"
        if device not in devices:
            device = g.r.choice(devices)
        steps.append({"in": device, "frame": g.frame(device, packet, flow.six).hex()})
        if g.chance(0.08):
            steps.append({"wait": g.r.choice([0.55, 2.6, 3.65, 4.7])})
    return {"name": name, "about": "random state", "tags": ["random", "state"], "host": host, "steps": steps}


KINDS = {"state": scenario}
