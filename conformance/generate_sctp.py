"""The kind `sctp`: associations through a router that tracks connections, good ones and what goes wrong in them."""

import struct

from generate_tcp import CLIENT_MAC, ROUTER_MACS, SERVER_MAC, router
from generator import Generator, checksum

DATA, INIT, INIT_ACK, SACK, HEARTBEAT, HEARTBEAT_ACK, ABORT, SHUTDOWN, SHUTDOWN_ACK, ERROR = range(10)
COOKIE_ECHO, COOKIE_ACK, SHUTDOWN_COMPLETE = 10, 11, 14
TYPES = [*range(12), 14, 64, 128, 193, 255]


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


class Side:
    def __init__(self, r, device, address, port):
        self.device, self.address, self.port = device, address, port
        self.tag = r.choice([1, 0x80000000, r.getrandbits(32) | 1])      # that the other side must write


class Association:
    def __init__(self, r, six, port):
        self.r, self.six = r, six
        self.client = Side(r, "lan0", "20010db8000100000000000000000010" if six else "c000020a", port)
        self.server = Side(r, "wan0", "20010db8000200000000000000000080" if six else "cb007150", 6000)
        self.plan = self.open(self.client)
        self.last = None

    def other(self, side):
        return self.server if side is self.client else self.client

    def chunk(self, kind, side, flags=0):
        r = self.r
        if kind in (INIT, INIT_ACK):
            body = struct.pack("!IIHHI", side.tag, 65536, 10, 10, r.getrandbits(32))
            if kind == INIT_ACK:
                body += b"\0\7\0\x08cook"
        elif kind == DATA:
            body, flags = struct.pack("!IHHI", r.getrandbits(32), 0, 0, 0) + bytes(r.choice([1, 2, 3, 4, 9])), 3
        elif kind == SACK:
            body = struct.pack("!IIHH", r.getrandbits(32), 65536, 0, 0)
        elif kind in (HEARTBEAT, HEARTBEAT_ACK):
            body = b"\0\1\0\x08beat"
        elif kind == SHUTDOWN:
            body = struct.pack("!I", r.getrandbits(32))
        elif kind == COOKIE_ECHO:
            body = b"cookie"
        else:
            body = b""
        return struct.pack("!BBH", kind, flags, 4 + len(body)) + body + bytes(-len(body) % 4)

    def packet(self, side, tag, chunks, damage=None):
        other = self.other(side)
        body = struct.pack("!HHII", side.port, other.port, tag, 0) + chunks
        if damage == "cut":
            body = body[:self.r.choice([4, 8, 11, 12, 14, 16, 24, 31])]
        if len(body) >= 12:
            crc = crc32c(body) ^ (0x55 if damage == "sum" else 0)
            body = body[:8] + struct.pack("<I", crc) + body[12:]
        source, destination = bytes.fromhex(side.address), bytes.fromhex(other.address)
        if self.six:
            packet = struct.pack("!IHBB", 6 << 28, len(body), 132, 64) + source + destination + body
        else:
            head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), self.r.randrange(1, 65536), 0x4000, 64, 132, 0)
            packet = head[:10] + struct.pack("!H", checksum(head + source + destination)) + source + destination + body
        mac = CLIENT_MAC if side is self.client else SERVER_MAC
        self.last = {"in": side.device, "frame": ROUTER_MACS[side.device] + mac + ("86dd" if self.six else "0800")
                     + packet.hex()}
        return self.last

    def say(self, side, *kinds, flags=0):
        """What a good end would send now."""
        tag = 0 if kinds[0] == INIT else side.tag if flags else self.other(side).tag
        return lambda: self.packet(side, tag, b"".join(self.chunk(kind, side, flags) for kind in kinds))

    def open(self, side):
        other = self.other(side)
        plan = [self.say(side, INIT), self.say(other, INIT_ACK), self.say(side, COOKIE_ECHO, *self.r.choice([(), (DATA,)])),
                self.say(other, COOKIE_ACK, *self.r.choice([(), (SACK,)]))]
        if self.r.random() < 0.15:       # both at once
            plan.insert(1, self.say(other, INIT))
            plan.insert(self.r.choice([2, 3]), self.say(side, INIT_ACK))
        if self.r.random() < 0.1:
            plan.insert(0, plan[0])
        return plan

    def new_plan(self):
        r = self.r
        side = r.choice([self.client, self.server])
        other = self.other(side)
        kind = r.choice(["data"] * 5 + ["beat", "beat", "close", "close", "abort", "open", "error", "again"])
        if kind == "data":
            return [self.say(side, DATA), self.say(other, SACK)]
        if kind == "beat":
            return [self.say(side, HEARTBEAT), self.say(other, HEARTBEAT_ACK)]
        if kind == "close":
            return [self.say(side, SHUTDOWN), self.say(other, SHUTDOWN_ACK),
                    self.say(side, SHUTDOWN_COMPLETE, flags=r.choice([0, 0, 1]))]
        if kind == "abort":
            return [self.say(side, ABORT, flags=r.choice([0, 1]))]
        if kind == "error":
            return [self.say(side, ERROR)]
        if kind == "again":              # another association of the same ends
            self.client.tag, self.server.tag = r.getrandbits(32) | 1, r.getrandbits(32) | 1
        return self.open(r.choice([self.client, self.client, side]))

    def strange(self):
        r = self.r
        side = r.choice([self.client, self.server])
        tag = r.choice([self.other(side).tag] * 4 + [side.tag, 0, r.getrandbits(32)])
        kinds = [r.choice(TYPES) for _ in range(r.choice([1, 1, 1, 2, 2, 3]))]
        if r.random() < 0.5:
            kinds[0] = r.choice([HEARTBEAT, HEARTBEAT_ACK, ABORT, INIT, INIT_ACK, SHUTDOWN_COMPLETE])
        chunks = b"".join(self.chunk(kind, side, r.choice([0, 0, 0, 1, 255])) for kind in kinds)
        kind = r.choice([None] * 12 + ["cut", "cut", "sum", "length", "length", "none"])
        if kind == "length":
            chunks = chunks[:2] + struct.pack("!H", r.choice([0, 0, 1, 2, 3, 5, 65535])) + chunks[4:]
        if kind == "none":
            chunks = b""
        return self.packet(side, tag, chunks, kind)

    def step(self):
        r = self.r
        if self.last and r.random() < 0.06:
            return self.last
        if r.random() < 0.35 and (self.last or r.random() < 0.3):
            return self.strange()
        if not self.plan:
            self.plan = self.new_plan()
        step = self.plan.pop(0)
        while self.plan and r.random() < 0.06:       # lost
            step = self.plan.pop(0)
        return step()


def settings(r):
    """Timeouts far enough from each other, and long enough that recording does not matter."""
    timeouts = {"closed": 20, "cookie_wait": 30, "cookie_echoed": 45, "shutdown_sent": 60, "shutdown_recd": 85,
                "shutdown_ack_sent": 120, "heartbeat_sent": 150}
    return [("log_invalid", r.choice(["132", "255"]), 0.6), ("acct", "1", 0.6), ("checksum", "0", 0.1)] + [
        ("sctp_timeout_" + name, str(seconds), 1) for name, seconds in timeouts.items()]


def scenario(name, seed):
    generator = Generator(seed)
    r = generator.r
    associations = [Association(r, r.random() < 0.2, port) for port in (5000, 5001)[:r.choice([1, 1, 2])]]
    steps = []
    for _ in range(r.randrange(25, 50)):
        steps.append(r.choice(associations).step())
        if r.random() < 0.4:
            steps.append({"run": "conntrack -L -o extended" + r.choice(["", "", " -f ipv6"])})
    return {"name": name, "about": "random SCTP associations", "tags": ["random", "sctp"],
            "host": router(generator, settings(r)), "steps": steps}


KINDS = {"sctp": scenario}
