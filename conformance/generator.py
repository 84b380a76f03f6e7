"""Random hosts, rules and packets that nobody thought of: what the kinds of `generate` are made of."""

import ipaddress
import random
import struct

LAN_MAC, WAN_MAC, DMZ_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03"
NEIGHBOR_MACS = {"lan0": "02:00:00:00:01:10", "wan0": "02:00:00:00:02:fe", "dmz0": "02:00:00:00:03:80"}
MACS = {"lan0": LAN_MAC, "wan0": WAN_MAC, "dmz0": DMZ_MAC}
ADDRESSES = {"lan0": ["192.0.2.1/24", "192.0.2.129/26"], "wan0": ["203.0.113.1/24", "203.0.113.9/24"],
             "dmz0": ["10.0.0.1/24", "10.0.0.33/30"]}
ADDRESSES6 = {"lan0": "2001:db8:1::1/64", "wan0": "2001:db8:2::1/64", "dmz0": "fd00:3::1/64"}
HOSTS = {"lan0": ["192.0.2.10", "192.0.2.11", "192.0.2.77"], "wan0": ["203.0.113.254", "203.0.113.80"],
         "dmz0": ["10.0.0.80", "10.0.0.81"]}
HOSTS6 = {"lan0": ["2001:db8:1::10", "2001:db8:1::11"], "wan0": ["2001:db8:2::fe", "2001:db8:2::80"],
          "dmz0": ["fd00:3::80"]}
FAR = ["198.51.100.20", "198.51.100.77", "8.8.8.8", "172.16.5.5", "100.64.1.1", "100.64.2.1", "100.64.3.1"]
FAR6 = ["2001:db8:99::1", "2001:db8:98::1", "2001:db8:97::1"]
ODD = ["0.0.0.0", "255.255.255.255", "127.0.0.1", "224.0.0.1", "224.0.0.9", "239.1.2.3", "240.0.0.1", "169.254.1.1",
       "192.0.2.255", "192.0.2.0", "203.0.113.255", "10.0.0.255"]
ODD6 = ["::", "::1", "ff02::1", "ff02::2", "ff02::9", "ff05::1", "fe80::1", "ff01::1", "::ffff:1.2.3.4"]
PORTS = [1, 22, 53, 53, 80, 80, 123, 443, 1023, 1024, 8080, 33434, 40000, 65535]


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Generator:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def chance(self, probability):
        return self.r.random() < probability

    # -- packets ---------------------------------------------------------------------------------------

    def payload(self, most=60):
        return bytes(self.r.randrange(256) for _ in range(self.r.choice([0, 1, 4, 8, 12, 20, 33, most])))

    def tcp_options(self):
        options = b""
        for _ in range(self.r.randrange(4)):
            options += self.r.choice([b"\1", b"\2\4\5\xb4", b"\3\3\7", b"\4\2", b"\x08\x0a\0\0\0\1\0\0\0\2",
                                      b"\5\x0a\0\0\0\1\0\0\0\2", b"\x22\2", b"\0"])
        return (options + b"\1" * (-len(options) % 4))[:40]

    def transport(self, pseudo, six):
        """(protocol, bytes) with a checksum over the pseudo header made by `pseudo(protocol, length)`."""
        kind = self.r.choice(["tcp"] * 5 + ["udp"] * 5 + ["icmp"] * 4 + ["other"])
        sport, dport = self.r.choice(PORTS), self.r.choice(PORTS)
        if kind == "tcp":
            options = self.tcp_options() if self.chance(0.4) else b""
            flags = self.r.choice([2, 2, 2, 0x12, 0x10, 0x11, 4, 0x14, 0x18, 0, 0x29, 0x3f, 0xc2])
            head = struct.pack("!HHIIBBHHH", sport, dport, self.r.getrandbits(32),
                               self.r.getrandbits(32) if flags & 0x10 or self.chance(0.2) else 0,
                               (5 + len(options) // 4) << 4 | (self.r.randrange(16) if self.chance(0.05) else 0), flags,
                               self.r.choice([0, 1024, 65535]), 0, 0 if self.chance(0.9) else 7)
            body = head + options + self.payload()
            number, at = 6, 16
        elif kind == "udp":
            data = self.payload()
            length = 8 + len(data)
            if self.chance(0.05):
                length = self.r.choice([0, 7, length + 4, max(8, length - 1)])
            body = struct.pack("!HHHH", sport, dport, length, 0) + data
            number, at = 17, 6
        elif kind == "icmp":
            number, at = (58 if six else 1), 2
            types = [128, 128, 128, 129, 1, 2, 3, 4, 200] if six else [8, 8, 8, 0, 3, 4, 5, 11, 12, 17, 42, 200]
            icmp_type = self.r.choice(types)
            code = 0 if self.chance(0.7) else self.r.randrange(6)
            body = struct.pack("!BBHHH", icmp_type, code, 0, self.r.getrandbits(16), self.r.getrandbits(8))
            body += self.payload()
        else:
            number = self.r.choice([2, 4, 33, 41, 46, 47, 50, 51, 89, 99, 103, 132, 136, 253])
            body, at = self.payload(), None
            if number in (2, 41, 4) or six and number in (50, 51, 0, 43, 44, 60):
                number = 253
        if at is not None and len(body) >= at + 2 and not self.chance(0.05):
            value = checksum((b"" if number == 1 else pseudo(number, len(body))) + body[:at] + b"\0\0" + body[at + 2:])
            if number == 17 and value == 0:
                value = 0xffff
            if number == 17 and not six and self.chance(0.05):
                value = 0
            body = body[:at] + struct.pack("!H", value) + body[at + 2:]
        return number, body

    def ipv4(self, source, destination):
        s, d = ipaddress.IPv4Address(source).packed, ipaddress.IPv4Address(destination).packed
        number, body = self.transport(lambda p, n: s + d + struct.pack("!BBH", 0, p, n), False)
        options = b""
        if self.chance(0.12):
            options = self.r.choice([b"\1\1\1\0", b"\x07\x07\x04\0\0\0\0\0", b"\x94\4\0\0", b"\x44\x0c\x0d\0" + bytes(8),
                                     b"\x07\x0b\x04" + bytes(9), b"\x44\x0c\x0d\xf1" + bytes(8), b"\x83\7\4\xc0\0\2\x4d\0",
                                     b"\x07\3\4\0", b"\x44\x04\5\0", b"\x44\x0c\x0d\x11" + bytes(8), b"\xff\4\0\0"])
        flags = self.r.choice([0, 0, 0x4000, 0x4000, 0x8000 if self.chance(0.1) else 0])
        if self.chance(0.12):
            flags = self.r.choice([0x2000, 0x2001, 0x0001, 0x00b9, 0x20b9, 0x1fff])
            if flags & 0x2000:
                body = body[:len(body) // 8 * 8] or bytes(8)
        ttl = self.r.choice([64] * 8 + [1, 0, 2, 255])
        length = 20 + len(options) + len(body)
        ihl = 5 + len(options) // 4
        version = 4
        if self.chance(0.02):
            length = self.r.choice([length + 5, 10, max(20, length - 3)])
        if self.chance(0.01):
            ihl = self.r.choice([4, 15])
        if self.chance(0.01):
            version = self.r.choice([3, 5, 6])
        head = struct.pack("!BBHHHBBH4s4s", version << 4 | ihl, self.r.choice([0] * 6 + [0x10, 0x2e, 0xb8, 0xff, 3]),
                           length, self.r.randrange(1, 65536), flags, ttl, number, 0, s, d) + options
        value = checksum(head)
        if self.chance(0.02):
            value ^= 0x55
        packet = head[:10] + struct.pack("!H", value) + head[12:] + body
        return packet + (b"\0" * 6 if self.chance(0.05) else b"")

    def ipv6(self, source, destination):
        s, d = ipaddress.IPv6Address(source).packed, ipaddress.IPv6Address(destination).packed
        number, body = self.transport(lambda p, n: s + d + struct.pack("!IxxxB", n, p), True)
        chain = []
        if self.chance(0.25):
            pad = b"\1\4\0\0\0\0"
            choices = {0: [pad, b"\x05\2\0\0\1\0", b"\x1e\4\0\0\0\0", b"\x5e\4\0\0\0\0", b"\x9e\4\0\0\0\0",
                           b"\xde\4\0\0\0\0", b"\1\3\0\0\0\0", b"\0\0\0\0\0\0", b"\xc2\4\0\1\0\0"],
                       60: [pad, b"\x1e\4\0\0\0\0", b"\x9e\4\0\0\0\0", b"\xde\4\0\0\0\0"],
                       43: [b"\0\0\0\0\0\0", b"\0\1\0\0\0\0", b"\x02\0\0\0\0\0", b"\x03\0\0\0\0\0", b"\x04\0\0\0\0\0"],
                       44: [None]}
            kinds = sorted(self.r.sample([0, 60, 43, 44], self.r.choice([1, 1, 2])), key=[0, 60, 43, 44].index)
            for kind in kinds:
                if kind == 44:
                    at = self.r.choice([0, 0, 1, 8, 185])
                    more = self.r.randrange(2)
                    if more and self.chance(0.8):
                        body = body[:len(body) // 8 * 8] or bytes(8)
                    chain.append((44, struct.pack("!HI", at << 3 | more, self.r.getrandbits(32))))
                else:
                    chain.append((kind, self.r.choice(choices[kind])))
        packet, following = body, number
        for kind, content in reversed(chain):
            packet = bytes([following, 0]) + content + packet
            following = kind
        if self.chance(0.02):
            following = self.r.choice([59, 99])
        length = len(packet)
        if self.chance(0.02):
            length = self.r.choice([length + 5, 0, max(0, length - 3)])
        hops = self.r.choice([64] * 8 + [1, 0, 2, 255])
        first = 6 << 28 | self.r.choice([0] * 5 + [0xb8, 0x2e, 3]) << 20 | (self.r.getrandbits(20) if self.chance(0.3) else 0)
        head = struct.pack("!IHBB16s16s", first, length, following, hops, s, d)
        return head + packet + (b"\0" * 6 if self.chance(0.05) else b"")

    def frame(self, device, packet, six):
        destination = mac(MACS[device])
        if self.chance(0.04):
            destination = self.r.choice([b"\xff" * 6, mac("01:00:5e:00:00:01"), mac("33:33:00:00:00:01"),
                                         mac("02:00:00:00:00:99")])
        return destination + mac(NEIGHBOR_MACS[device]) + (b"\x86\xdd" if six else b"\x08\x00") + packet

    # -- hosts -----------------------------------------------------------------------------------------

    def host(self, six):
        names = ["lan0", "wan0"] + (["dmz0"] if self.chance(0.6) else [])
        interfaces, neighbors = [], []
        for name in names:
            addresses = ADDRESSES[name][:self.r.choice([1, 1, 2])]
            if six:
                addresses = addresses + [ADDRESSES6[name]]
            interfaces.append({"name": name, "mac": MACS[name], "mtu": self.r.choice([1500, 1500, 1500, 1300]),
                               "group": self.r.choice([0, 0, 5]), "addresses": addresses})
            for ip in HOSTS[name] + (HOSTS6[name] if six else []):
                neighbors.append({"dev": name, "ip": ip, "mac": NEIGHBOR_MACS[name]})
        routes = ["default via 203.0.113.254 dev wan0"] if self.chance(0.9) else []
        for _ in range(self.r.randrange(3)):
            route = self.r.choice([
                "unreachable 100.64.1.0/24", "prohibit 100.64.2.0/24", "blackhole 100.64.3.0/24",
                "172.16.0.0/12 via 192.0.2.11 dev lan0", "198.51.100.64/26 via 192.0.2.10 dev lan0 metric 5",
                "8.8.8.8 via 203.0.113.80 dev wan0 src 203.0.113.1", "throw 8.8.8.0/24",
                "198.51.100.0/24 via 203.0.113.80 dev wan0 mtu 1000"])
            if route not in routes:
                routes.append(route)
        rules = []
        if self.chance(0.25):
            rules.append(self.r.choice(["fwmark 0x1 table 100", "from 192.0.2.10 table 100", "iif dmz0 table 100",
                                        "to 198.51.100.0/24 table 100", "fwmark 0x2/0xf unreachable",
                                        "from 192.0.2.11 prohibit", "not from 192.0.2.0/24 table 100"]))
            routes.append("default via 192.0.2.11 dev lan0 table 100")
        sysctls = {"net.ipv4.ip_forward": "1" if self.chance(0.9) else "0"}
        for name, value, probability in [
                ("net.ipv4.conf.all.rp_filter", "1", 0.15), ("net.ipv4.conf.lan0.rp_filter", "2", 0.1),
                ("net.ipv4.conf.all.accept_source_route", "1", 0.1), ("net.ipv4.conf.lan0.send_redirects", "1", 0.1),
                ("net.ipv4.conf.all.accept_local", "1", 0.05), ("net.ipv4.conf.all.route_localnet", "1", 0.05),
                ("net.ipv4.icmp_echo_ignore_all", "1", 0.03), ("net.ipv4.icmp_echo_ignore_broadcasts", "0", 0.1),
                ("net.ipv4.icmp_errors_use_inbound_ifaddr", "1", 0.1), ("net.ipv4.ip_default_ttl", "77", 0.1),
                ("net.ipv4.conf.lan0.forwarding", "0", 0.05)]:
            if self.chance(probability):
                sysctls[name] = value
        if six:
            routes += ["-6 default via 2001:db8:2::fe dev wan0"] if self.chance(0.9) else []
            if self.chance(0.3):
                routes.append(self.r.choice(["-6 unreachable 2001:db8:98::/48", "-6 prohibit 2001:db8:98::/48",
                                             "-6 blackhole 2001:db8:98::/48",
                                             "-6 2001:db8:97::/48 via 2001:db8:1::11 dev lan0"]))
            sysctls["net.ipv6.conf.all.forwarding"] = "1" if self.chance(0.9) else "0"
        sockets = [{"proto": "udp", "address": "::" if six and self.chance(0.5) else "0.0.0.0", "port": 53}]
        return {"interfaces": interfaces, "neighbors": neighbors, "routes": routes, "rules": rules, "sysctls": sysctls,
                "sockets": sockets if self.chance(0.5) else [], "ipset": "", "iptables": "", "ip6tables": ""}

    # -- rules -----------------------------------------------------------------------------------------

    CHAINS = {"raw": ["PREROUTING", "OUTPUT"], "mangle": ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
              "filter": ["INPUT", "FORWARD", "OUTPUT"], "security": ["INPUT", "FORWARD", "OUTPUT"]}

    def inverted(self):
        return "! " if self.chance(0.2) else ""

    def ports(self):
        low, high = sorted((self.r.choice(PORTS), self.r.choice(PORTS)))
        return self.r.choice([str(low), f"{low}:{high}", f":{high}", f"{low}:"])

    def matches(self, table, chain, six):
        words = []
        protocol = self.r.choice(["", "", "tcp", "tcp", "udp", "udp", "icmp", "other"])
        sources = (HOSTS6["lan0"] + FAR6 + ["2001:db8:1::/64", "fd00::/8"] if six
                   else HOSTS["lan0"] + FAR + ["192.0.2.0/24", "10.0.0.0/8", "0.0.0.1/0.0.0.255"])
        if self.chance(0.3):
            words.append(f"{self.inverted()}-s {self.r.choice(sources)}")
        if self.chance(0.3):
            words.append(f"{self.inverted()}-d {self.r.choice(sources)}")
        if chain in ("PREROUTING", "INPUT", "FORWARD") and self.chance(0.25):
            words.append(f"{self.inverted()}-i {self.r.choice(['lan0', 'wan0', 'l+', 'lo', 'dmz+', 'lan'])}")
        if chain in ("FORWARD", "OUTPUT", "POSTROUTING") and self.chance(0.25):
            words.append(f"{self.inverted()}-o {self.r.choice(['lan0', 'wan0', 'w+', 'lo', '+'])}")
        if protocol == "other":
            words.append(f"{self.inverted()}-p {self.r.choice(['gre', 'esp', '89', 'sctp', 'tcp', 'udp', '253'])}")
        elif protocol == "icmp":
            words.append("-p " + ("ipv6-icmp" if six else "icmp"))
            if self.chance(0.7):
                name = "--icmpv6-type" if six else "--icmp-type"
                types = (["echo-request", "128", "1/4", "129/0", "packet-too-big"] if six else
                         ["echo-request", "8", "any", "3/1", "port-unreachable", "11", "timestamp-request"])
                words.append(f"-m {'icmp6' if six else 'icmp'} {self.inverted()}{name} {self.r.choice(types)}")
        elif protocol:
            words.append(f"-p {protocol}")
            if self.chance(0.7):
                words.append(f"-m {protocol}")
                if self.chance(0.5):
                    words.append(f"{self.inverted()}--sport {self.ports()}")
                if self.chance(0.6):
                    words.append(f"{self.inverted()}--dport {self.ports()}")
                if protocol == "tcp" and self.chance(0.4):
                    words.append(self.r.choice([f"{self.inverted()}--syn", "--tcp-flags SYN,RST SYN", "--tcp-flags ALL NONE",
                                                f"{self.inverted()}--tcp-flags ACK,FIN ACK", "--tcp-option 2",
                                                f"{self.inverted()}--tcp-option 8"]))
            elif self.chance(0.3):
                words.append(f"-m multiport {self.inverted()}--{self.r.choice(['sports', 'dports', 'ports'])} "
                             f"{self.r.choice(['22,53,80', '1:1023', '53,1024:65535', '443', '80,8080,40000:50000'])}")
        if not six and self.chance(0.06):
            words.append(f"{self.inverted()}-f")
        for _ in range(self.r.choice([0, 0, 1, 1, 2])):
            words.append(self.r.choice([
                f"-m length {self.inverted()}--length {self.r.choice(['0:60', '40', '61:', ':1000', '28:48'])}",
                f"-m mark {self.inverted()}--mark {self.r.choice(['1', '0', '0x2/0xf', '0x10/0x30'])}",
                "-m comment --comment \"a comment\"",
                (f"-m hl {self.r.choice(['--hl-eq 64', '--hl-lt 3', '--hl-gt 63'])}" if six else
                 f"-m ttl {self.r.choice(['--ttl-eq 64', '--ttl-lt 3', '--ttl-gt 63', '--ttl-eq 63'])}"),
                f"-m addrtype {self.inverted()}--src-type {self.r.choice(['LOCAL', 'UNICAST', 'BROADCAST', 'MULTICAST'])}"
                if not six else f"-m addrtype {self.inverted()}--src-type {self.r.choice(['LOCAL', 'UNICAST', 'MULTICAST'])}",
                f"-m addrtype {self.inverted()}--dst-type {self.r.choice(['LOCAL', 'UNICAST', 'MULTICAST', 'UNICAST,LOCAL'])}",
            ]))
        if chain in ("PREROUTING", "INPUT", "FORWARD") and self.chance(0.1):
            words.append(f"-m mac {self.inverted()}--mac-source {self.r.choice(list(NEIGHBOR_MACS.values()))}")
        if chain in ("OUTPUT", "POSTROUTING") and self.chance(0.15):
            words.append("-m owner " + self.r.choice(["--uid-owner 1000", "! --uid-owner 1000", "--gid-owner 0-100",
                                                      "--socket-exists"]))
        return words

    def target(self, table, chain, users, six):
        choices = ["-j ACCEPT", "-j DROP", "-j RETURN", "", "-j LOG --log-prefix \"x: \"",
                   "-j LOG --log-level debug --log-tcp-sequence --log-tcp-options --log-ip-options --log-uid",
                   "-j MARK --set-mark 1", "-j MARK --or-mark 0x10", "-j MARK --set-xmark 0x2/0xf"]
        if table == "mangle":
            choices += ["-j TOS --set-tos 0x10", "-j TOS --set-tos 0x20/0x60", "-j TOS --and-tos 0x1f"]
            choices += (["-j HL --hl-set 9", "-j HL --hl-dec 2", "-j HL --hl-inc 1"] if six else
                        ["-j TTL --ttl-set 9", "-j TTL --ttl-dec 2", "-j TTL --ttl-inc 1"])
        if table == "filter":
            kinds = (["icmp6-no-route", "icmp6-adm-prohibited", "icmp6-port-unreachable", "icmp6-addr-unreachable"] if six
                     else ["icmp-net-unreachable", "icmp-host-unreachable", "icmp-port-unreachable",
                           "icmp-proto-unreachable", "icmp-net-prohibited", "icmp-host-prohibited", "icmp-admin-prohibited"])
            choices += ["-j REJECT", f"-j REJECT --reject-with {self.r.choice(kinds)}", "-p tcp -j REJECT --reject-with tcp-reset"]
        choices += [f"-j {name}" for name in users] + [f"-g {name}" for name in users[:1]]
        return self.r.choice(choices)

    def ruleset(self, six, most=6):
        text = ""
        for table in self.r.sample(list(self.CHAINS), self.r.choice([1, 1, 2, 4])):
            text += f"*{table}\n"
            users = [f"u{n}" for n in range(self.r.randrange(3))]
            for chain in self.CHAINS[table]:
                policy = "DROP" if self.chance(0.06) else "ACCEPT"
                text += f":{chain} {policy} [0:0]\n"
            text += "".join(f":{name} - [0:0]\n" for name in users)
            for chain in self.CHAINS[table]:
                for _ in range(self.r.randrange(most)):
                    text += f"-A {chain} {self.rule(table, chain, users, six)}\n"
            for number, name in enumerate(users):
                for _ in range(self.r.randrange(4)):
                    # Only to later chains, so that no loop arises; only matches and targets that every hook allows.
                    text += f"-A {name} {self.rule(table, 'user', users[number + 1:], six)}\n"
            text += "COMMIT\n"
        return text

    def rule(self, table, chain, users, six):
        words = self.matches(table, chain, six)
        target = self.target(table, chain, users, six)
        if target.startswith("-p tcp"):
            words = [word for word in words if not word.lstrip("! ").startswith("-p") and "-m tcp" not in word
                     and "-m udp" not in word and "port" not in word and "icmp" not in word and "tcp-" not in word
                     and "--syn" not in word]
        return " ".join(words + [target]).strip()

    # -- scenarios -------------------------------------------------------------------------------------

    def endpoint(self, six, device=None):
        near, far, odd = (HOSTS6, FAR6, ODD6) if six else (HOSTS, FAR, ODD)
        own = [a.split("/")[0] for a in ([ADDRESSES6[n] for n in ADDRESSES6] if six
                                         else [x for n in ADDRESSES for x in ADDRESSES[n]])]
        if device and self.chance(0.8):
            return self.r.choice(near[device] + far[:2])
        return self.r.choice(near["lan0"] + near["wan0"] + near["dmz0"] + far * 2 + own * 2 + (odd if self.chance(0.3) else []))

    def step(self, devices, six_host):
        six = six_host and self.chance(0.7)
        if self.chance(0.15):
            own = (["2001:db8:1::1", "2001:db8:2::1", "::"] if six
                   else ["192.0.2.1", "203.0.113.1", "0.0.0.0", "192.0.2.1", "1.2.3.4"])
            packet = (self.ipv6 if six else self.ipv4)(self.r.choice(own), self.endpoint(six))
            # A raw socket of the other family would have to be opened for another version.
            packet = bytes([packet[0] & 15 | (96 if six else 64)]) + packet[1:]
            step = {"send": packet.hex()}
            if self.chance(0.4):
                step["uid"] = self.r.choice([0, 1000, 65534])
            if self.chance(0.2):
                step["mark"] = self.r.choice([1, 2, 0x12])
            return step
        device = self.r.choice(devices)
        packet = (self.ipv6 if six else self.ipv4)(self.endpoint(six, device), self.endpoint(six))
        return {"in": device, "frame": self.frame(device, packet, six).hex()}

    COMMANDS = ["iptables -S", "iptables -nvxL --line-numbers", "iptables-save -c", "iptables -t mangle -S",
                "iptables -Z", "iptables -P FORWARD DROP", "iptables -A FORWARD -p udp -j ACCEPT", "iptables -F INPUT",
                "iptables -D FORWARD 1", "iptables -I FORWARD 2 -s 192.0.2.10 -j DROP", "iptables -N u0",
                "iptables -X u0", "iptables -R FORWARD 1 -j LOG", "iptables -L FORWARD 1 -n", "iptables -C FORWARD -p udp -j ACCEPT",
                "iptables -E u0 u9", "iptables -t raw -L -v -n", "iptables -Z FORWARD 1", "iptables -D INPUT 9"]
