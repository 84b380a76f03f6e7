"""The kind `rates`: rules that count in time (`hashlimit`), with packets of a few flows and pauses between them."""

import struct

from generator import Generator, checksum

FLOWS = [("192.0.2.10", "198.51.100.20"), ("192.0.2.11", "198.51.100.20"), ("192.0.2.10", "198.51.100.77")]
FLOWS6 = [("2001:db8:1::10", "2001:db8:99::1"), ("2001:db8:1::11", "2001:db8:99::1"), ("2001:db8:1::10", "2001:db8:98::1")]


def packet(g, six):
    import ipaddress
    source, destination = (ipaddress.ip_address(one).packed for one in g.r.choice(FLOWS6 if six else FLOWS))
    size = g.r.choice([4, 4, 30, 200, 900])
    ports = g.r.choice([(1000, 53), (1000, 80), (1001, 53)])
    number, body = g.r.choice([(17, struct.pack("!HHHH", *ports, 8 + size, 0) + bytes(size)),
                               (17, struct.pack("!HHHH", *ports, 8 + size, 0) + bytes(size)), (50, struct.pack("!II", 5, 1) + bytes(size)),
                               (1 if not six else 58, b"\x08\0\0\0\0\1\0\1" + bytes(size)), (47, bytes(4)), (17, b"abc")])
    if six:
        return struct.pack("!IHBB", 6 << 28, len(body), number, 64) + source + destination + body
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 1, 0, 64, number, 0, source, destination)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def rule(g, six, number):
    rate = g.r.choice(["1/sec", "2/sec", "10/min", "1/hour", "3/day", "100b/s", "1kb/s", "4kb/s", "30kb/s"])
    interval = g.chance(0.25)
    # Rules of packets and of bytes that share a table differ by less than what a moment between two steps brings.
    name = f"t{number}{'b' if rate.endswith('b/s') else 'p'}{'i' if interval else ''}"
    words = [f"-m hashlimit --hashlimit-{g.r.choice(['upto', 'above'])} {rate} --hashlimit-name {name}"]
    if rate.endswith("b/s"):
        if g.chance(0.4):
            words.append(f"--hashlimit-burst {g.r.choice(['30kb', '64kb'])}")
    elif g.chance(0.6):
        words.append(f"--hashlimit-burst {g.r.choice([1, 2, 3, 10])}" if "day" not in rate else "--hashlimit-burst 2")
    if g.chance(0.7):
        words.append(f"--hashlimit-mode {','.join(g.r.sample(['srcip', 'dstip', 'srcport', 'dstport'], g.r.randrange(1, 4)))}")
    if g.chance(0.2):
        words.append(f"--hashlimit-srcmask {g.r.choice([0, 8, 24, 31])}")
    if interval:
        words.append("--hashlimit-rate-match" + (f" --hashlimit-rate-interval {g.r.choice([1, 2])}" if g.chance(0.5) else ""))
    # When old entries go is not the same each time: the kernel's look for them waits for other work (INIT_DEFERRABLE_WORK).
    if g.chance(0.1):
        words.append("--hashlimit-htable-size 1 --hashlimit-htable-max 2")
    return " ".join(words)


def rates(name, seed):
    g = Generator(seed)
    six = g.chance(0.4)
    host = g.host(six)
    steps = []
    for _ in range(g.r.randrange(10, 22)):
        data = packet(g, six)
        steps.append({"in": "lan0", "frame": g.frame("lan0", data, six).hex()})
        if g.chance(0.15):
            steps.append({"wait": g.r.choice([0.6, 1.2])})
    lines = ["*mangle"]
    for number in range(g.r.choice([4, 8, 12])):
        lines.append(f"-A PREROUTING {rule(g, six, g.r.choice([number, 0]))}")
    host["ip6tables" if six else "iptables"] = "\n".join(lines + ["COMMIT", ""])
    return {"name": name, "about": "random rates", "tags": ["random"], "host": host, "steps": steps}


KINDS = {"rates": rates}
