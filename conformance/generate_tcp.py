"""The kind `tcp`: conversations through a router that tracks connections, good ones and what goes wrong in them."""

import struct

from generator import Generator, checksum

CLIENT_MAC, SERVER_MAC = "020000000110", "0200000002fe"
ROUTER_MACS = {"lan0": "020000000001", "wan0": "020000000002"}
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
MASK = 0xffffffff
STARTS = [0, 1, 0x7ffffff0, 0x80000000, 0xfffffff0, 0xffff0000]


class Side:
    """One end: what it has sent and what it has got."""

    def __init__(self, r, device, address, port):
        self.r, self.device, self.address, self.port = r, device, address, port
        self.got = 0                        # next number expected from the other side
        self.restart()

    def restart(self):
        r = self.r
        self.start = self.next = r.choice(STARTS + [r.getrandbits(32)] * 6)
        self.window = r.choice([65535, 65535, 29200, 1000, 500, 8, 1, 0])
        self.options = b""
        if r.random() < 0.7:
            for option in r.sample([b"\2\4\5\xb4", b"\4\2", bytes([3, 3, r.choice([0, 1, 2, 7, 14, 15, 255])]),
                                    b"\x08\x0a\0\0\0\1\0\0\0\2", b"\1", b"\xfd\4\1\2"], r.randrange(1, 6)):
                self.options += option


class Conversation:
    """Makes one segment after the other, most of them as two good TCPs would, some not."""

    def __init__(self, r, six, port, local=False):
        self.r, self.six = r, six
        self.client = Side(r, "lan0", "20010db8000100000000000000000010" if six else "c000020a", port)
        if local:                           # a program of the router itself, unknown to its own TCP, which resets
            self.server = Side(r, None, "20010db8000200000000000000000001" if six else "cb007101", 80)
        else:
            self.server = Side(r, "wan0", "20010db8000200000000000000000080" if six else "cb007150", 80)
        self.last = None
        self.plan = []
        self.opened = False

    def chance(self, probability):
        return self.r.random() < probability

    def other(self, side):
        return self.server if side is self.client else self.client

    # -- frames ----------------------------------------------------------------------------------------

    def segment(self, side, flags, seq, ack, data=b"", options=b"", window=None, damage=None):
        r = self.r
        options = options + b"\1" * (-len(options) % 4)
        length = 5 + len(options) // 4
        if damage == "offset":
            length = r.choice([0, 4, 15])
        window = side.window if window is None else window
        other = self.other(side)
        head = struct.pack("!HHIIBBHHH", side.port, other.port, seq & MASK, ack & MASK, length << 4, flags, window,
                           0, 0)
        body = head + options + data
        source, destination = bytes.fromhex(side.address), bytes.fromhex(other.address)
        if damage == "cut":
            body = body[:r.choice([4, 8, 16, 19])]
        elif len(body) >= 20:
            pseudo = source + destination + struct.pack("!IHBB", len(body), 0, 0, 6)
            value = checksum(pseudo + body) ^ (0x1234 if damage == "sum" else 0)
            body = body[:16] + struct.pack("!H", value) + body[18:]
        if self.six:
            packet = struct.pack("!IHBB", 6 << 28, len(body), 6, 64) + source + destination + body
        else:
            head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), r.randrange(1, 65536), 0x4000, 64, 6, 0)
            value = checksum(head + source + destination)
            packet = head[:10] + struct.pack("!H", value) + source + destination + body
        if side.device is None:
            self.last = {"send": packet.hex()}
            return self.last
        mac = CLIENT_MAC if side is self.client else SERVER_MAC
        frame = ROUTER_MACS[side.device] + mac + ("86dd" if self.six else "0800") + packet.hex()
        self.last = {"in": side.device, "frame": frame}
        return self.last

    def send(self, side, flags, length=0, options=b"", window=None):
        """A segment as it should be; the sender's numbers move on."""
        data = bytes(self.r.randrange(256) for _ in range(length))
        step = self.segment(side, flags, side.next, side.got if flags & ACK else 0, data, options, window)
        side.next = (side.next + length + bool(flags & SYN) + bool(flags & FIN)) & MASK
        self.arrives = (self.other(side), side.next)
        return step

    # -- conversations ---------------------------------------------------------------------------------

    def steps(self):
        """The next segment, or a few."""
        r = self.r
        if self.last and self.chance(0.05):
            return [self.last] * r.choice([1, 1, 2, 5])
        if self.opened and self.chance(0.3):
            return [self.strange()]
        if not self.plan:
            self.plan = self.new_plan()
        step = self.plan.pop(0)()
        lost = self.chance(0.06)
        if not lost or self.chance(0.3):
            side, number = self.arrives
            if not lost or self.chance(0.5):
                side.got = number
        self.opened = True
        return [] if lost else [step]

    def new_plan(self):
        r, c, s = self.r, self.client, self.server
        if not self.opened:
            if self.chance(0.2):       # from the middle
                c.got, s.got = s.next, c.next
                return [lambda: self.send(r.choice([c, s]), ACK, 5)]
            return self.handshake()
        kind = r.choice(["data"] * 8 + ["close", "close", "cross", "reset", "open", "keepalive", "zero"])
        if kind == "data":
            side = r.choice([c, s])
            return [lambda: self.send(side, ACK | PSH, r.choice([1, 5, 20, 100]), window=self.some_window(side)),
                    lambda: self.send(self.other(side), ACK)]
        if kind == "close":
            side = r.choice([c, s])
            other = self.other(side)
            tail = [lambda: self.send(other, FIN | ACK), lambda: self.send(side, ACK)]
            middle = [lambda: self.send(other, ACK)] if self.chance(0.6) else []
            more = self.handshake() if self.chance(0.5) else []
            return [lambda: self.send(side, FIN | ACK)] + middle + tail + more
        if kind == "cross":            # both close at once: neither has the other's FIN
            def close(side):
                step = self.send(side, FIN | ACK)
                self.arrives = (side, side.got)
                return step
            return [lambda: close(c), lambda: close(s), lambda: self.send(c, ACK), lambda: self.send(s, ACK)]
        if kind == "reset":
            side = r.choice([c, s])
            return [lambda: self.send(side, RST | r.choice([0, ACK]))] + (self.handshake() if self.chance(0.6) else [])
        if kind == "keepalive":
            side = r.choice([c, s])

            def keepalive():
                self.arrives = (side, side.got)
                return self.segment(side, ACK, side.next - 1, side.got, b"x" * r.randrange(2))
            return [keepalive, lambda: self.send(self.other(side), ACK)]
        if kind == "zero":
            side = r.choice([c, s])
            return [lambda: self.send(side, ACK, window=0)]
        return self.handshake()

    def handshake(self):
        r, c, s = self.r, self.client, self.server

        def open_by(side, flags):
            side.restart() if flags == SYN or self.chance(0.9) else None
            side.next = side.start if flags != SYN or self.chance(0.9) else side.next
            return self.send(side, flags, r.choice([0, 0, 0, 0, 0, 5]) if flags == SYN else 0, side.options)
        first, second = (c, s) if self.chance(0.85) or not self.opened else (s, c)
        if self.chance(0.12):          # simultaneous open
            return [lambda: open_by(first, SYN), lambda: open_by(second, SYN),
                    lambda: self.synack(first), lambda: self.synack(second),
                    lambda: self.send(first, ACK), lambda: self.send(second, ACK)]
        plan = [lambda: open_by(first, SYN)]
        if self.chance(0.15):          # again, perhaps another one
            plan *= 2
        plan.append(lambda: open_by(second, SYN | ACK))
        if self.chance(0.1):
            plan.append(lambda: self.synack(second))
        return plan + [lambda: self.send(first, ACK, r.choice([0, 0, 10]))]

    def synack(self, side):
        side.next = (side.next - 1) & MASK
        return self.send(side, SYN | ACK, 0, side.options)

    # -- what should not be ----------------------------------------------------------------------------

    def some_window(self, side):
        return self.r.choice([side.window] * 5 + [0, 1, 65535, 100])

    def near(self, number, side):
        """A number about this one: next to it, a window from it, or anywhere."""
        r = self.r
        wide = max(side.window, 1)
        return number + r.choice([0, 0, 0, 1, -1, 2, -2, 10, -10, wide, -wide, wide + 1, -wide - 1, 66000, -66000,
                                  -66001, 70000, -70000, 1 << 20, -(1 << 20), 1 << 31, r.getrandbits(32)])

    def sack(self, side):
        r = self.r
        blocks = b"".join(struct.pack("!II", self.near(side.got, side) & MASK, self.near(side.got, side) & MASK)
                          for _ in range(r.randrange(1, 4)))
        return r.choice([b"", b"\1\1", b"\1"]) + bytes([5, r.choice([2 + len(blocks)] * 8 + [2, 9])]) + blocks

    def strange(self):
        r = self.r
        side = r.choice([self.client, self.server])
        other = self.other(side)
        kind = r.choice(["seq", "seq", "ack", "ack", "both", "rst", "rst", "rst", "syn", "syn", "synack", "fin", "fin",
                         "sack", "sack", "flags", "damage", "challenge"])
        data = b"z" * r.choice([0, 0, 1, 5, 100])
        seq, ack, window = side.next, side.got, self.some_window(side)
        if kind == "seq":
            return self.segment(side, ACK, self.near(seq, other), ack, data, window=window)
        if kind == "ack":
            return self.segment(side, ACK, seq, self.near(ack, side), data, window=window)
        if kind == "both":
            return self.segment(side, ACK | PSH, self.near(seq, other), self.near(ack, side), data, window=window)
        if kind == "rst":
            seq = r.choice([seq, seq, self.near(seq, other), 0, other.got, side.start, side.got])
            return self.segment(side, RST | r.choice([0, ACK, ACK]), seq, r.choice([ack, 0, other.next, other.start + 1]))
        if kind == "syn":
            return self.segment(side, SYN | r.choice([0, 0, 0, URG, PSH, 0xc0]),
                                r.choice([self.near(seq, other), r.getrandbits(32), side.start]), 0, b"", side.options)
        if kind == "synack":
            return self.segment(side, SYN | ACK, r.choice([side.start, self.near(seq, other), r.getrandbits(32)]),
                                r.choice([ack, self.near(ack, side), other.start + 1, other.next]), b"", side.options)
        if kind == "fin":
            return self.segment(side, FIN | ACK, self.near(seq, other), self.near(ack, side), data)
        if kind == "sack":
            return self.segment(side, ACK, seq, r.choice([ack, self.near(ack, side)]), data, self.sack(side), window)
        if kind == "flags":
            return self.segment(side, r.randrange(256), self.near(seq, other), self.near(ack, side), data)
        if kind == "challenge":
            return self.segment(side, ACK, seq, r.choice([ack, other.start, other.start + 1]))
        return self.segment(side, ACK, seq, ack, data, damage=r.choice(["offset", "cut", "sum"]))


def settings(r):
    """(name, value, how probable): of net.netfilter.nf_conntrack_…"""
    return [("log_invalid", r.choice(["6", "255"]), 0.6), ("acct", "1", 0.6), ("tcp_loose", "0", 0.15),
            ("tcp_be_liberal", "1", 0.12), ("tcp_ignore_invalid_rst", "1", 0.15), ("checksum", "0", 0.1),
            ("tcp_max_retrans", r.choice(["0", "1", "7"]), 0.3), ("tcp_timeout_max_retrans", "77", 0.3),
            ("tcp_timeout_unacknowledged", r.choice(["55", "40"]), 0.3), ("tcp_timeout_established", "5000", 0.2),
            ("tcp_timeout_close", "20", 0.2)]


def router(generator, choices):
    """A host that forwards, and counts by rules what its connection tracking says of the packets."""
    sysctls = {"net.ipv4.ip_forward": "1", "net.ipv6.conf.all.forwarding": "1"}
    for name, value, probability in choices:
        if generator.chance(probability):
            sysctls["net.netfilter.nf_conntrack_" + name] = value
    rules = ["*filter", ":INPUT ACCEPT [0:0]", ":FORWARD ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]", ":count - [0:0]"]
    for state in ("INVALID", "NEW", "ESTABLISHED", "RELATED", "UNTRACKED"):
        rules.append(f"-A count -m conntrack --ctstate {state}")
    for expire in ("0:15", "16:35", "36:50", "51:70", "71:100", "101:200", "201:400", "401:6000", "6001:500000"):
        rules.append(f"-A count -m conntrack --ctexpire {expire}")
    rules += ["-A count -m conntrack --ctdir ORIGINAL", "-A count -m conntrack --ctdir REPLY",
              "-A count -m conntrack --ctstatus SEEN_REPLY", "-A count -m conntrack --ctstatus ASSURED",
              "-A count -m conntrack --ctstatus CONFIRMED"]
    if generator.chance(0.4):
        rules.append("-A count -m conntrack --ctstate INVALID -j DROP")
    rules += [f"-A {chain} -j count" for chain in ("INPUT", "FORWARD", "OUTPUT")]
    text = "\n".join(rules + ["COMMIT", ""])
    return {"interfaces": [
                {"name": "lan0", "mac": "02:00:00:00:00:01", "mtu": 1500,
                 "addresses": ["192.0.2.1/24", "2001:db8:1::1/64"]},
                {"name": "wan0", "mac": "02:00:00:00:00:02", "mtu": 1500,
                 "addresses": ["203.0.113.1/24", "2001:db8:2::1/64"]}],
            "neighbors": [
                {"dev": "lan0", "ip": "192.0.2.10", "mac": "02:00:00:00:01:10"},
                {"dev": "lan0", "ip": "2001:db8:1::10", "mac": "02:00:00:00:01:10"},
                {"dev": "wan0", "ip": "203.0.113.80", "mac": "02:00:00:00:02:fe"},
                {"dev": "wan0", "ip": "2001:db8:2::80", "mac": "02:00:00:00:02:fe"}],
            "routes": [], "rules": [], "sysctls": sysctls, "sockets": [], "ipset": "",
            "iptables": text, "ip6tables": text}


def scenario(name, seed):
    generator = Generator(seed)
    r = generator.r
    ports = [5000, 5001, 5002][:r.choice([1, 1, 2, 3])]
    conversations = [Conversation(r, r.random() < 0.2, port, r.random() < 0.2) for port in ports]
    host, steps, pauses = router(generator, settings(r)), [], False
    for _ in range(r.randrange(25, 60)):
        steps += r.choice(conversations).steps()
        if r.random() < 0.3:
            steps.append({"run": "conntrack -L -o extended" + r.choice(["", "", " -f ipv6"])})
        if r.random() < 0.01:
            steps.append({"wait": 1})
        if r.random() < 0.02:                # nobody needs tracking for a while
            pauses = not pauses
            steps.append({"run": "iptables -F"} if pauses else {"run": "iptables-restore", "stdin": host["iptables"]})
    return {"name": name, "about": "random TCP conversations", "tags": ["random", "tcp"], "host": host, "steps": steps}


KINDS = {"tcp": scenario}
