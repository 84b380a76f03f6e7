"""The kind `search`: rules that look into packets by offsets (`string`, `u32`, `bpf`), with operands taken from the packets
themselves, so that about half of them fit."""

from generator import FAR, FAR6, HOSTS, HOSTS6, Generator

FACTS = 0xfffff000


def quoted(data):
    return '"|' + data.hex() + '|"'


def string(g, packets):
    packet = g.r.choice(packets)
    at = g.r.randrange(len(packet))
    data = packet[at:at + g.r.choice([1, 2, 3, 4, 8, 20])]
    algorithm = g.r.choice(["bm", "kmp"])
    words = []
    if g.chance(0.15):
        kinds = bytes([g.r.randrange(14)]) + b"\0"
        tokens = [kinds + bytes([g.r.choice([0, 0, 1, 2, 3]), data[n % len(data)]]) for n in range(g.r.randrange(1, 4))]
        if g.chance(0.7):
            tokens = [b"\1\0\4\0"] + tokens
        data, algorithm = b"".join(tokens), "fsm"
    elif g.chance(0.2):
        words.append("--icase")
        data = data.swapcase()
    if g.chance(0.4):
        words.append(f"--from {max(0, at + g.r.randrange(-3, 4))}")
        at = max(at, 3) + 3
    if g.chance(0.4):
        words.append(f"--to {at + len(data) + g.r.randrange(0, 6)}")
    return f"-m string {g.inverted()}--hex-string {quoted(data)} --algo {algorithm} {' '.join(words)}"


def u32(g, packets):
    tests = []
    for _ in range(g.r.choice([1, 1, 2, 3])):
        packet = g.r.choice(packets)
        at = g.r.randrange(max(1, len(packet) - 2))
        location, value = str(at), int.from_bytes(packet[at:at + 4].ljust(4, b"\0"), "big")
        for _ in range(g.r.randrange(3)):
            operator, operand = g.r.choice([("&", 0xff), ("&", 0x3c), (">>", 16), (">>", 22), ("<<", 8), ("&", 0xffff)])
            location += f"{operator}{operand}"
            value = {"&": value & operand, ">>": value >> operand, "<<": value << operand & 0xffffffff}[operator]
        if g.chance(0.3):
            more = g.r.choice([0, 2, 4, 9])
            location += f"@{more}"
            value = int.from_bytes(packet[value + more:value + more + 4].ljust(4, b"\0"), "big")
            if g.chance(0.3):
                location += "&0xf@1"
        ranges = [f"{value}" if g.chance(0.5) else f"{max(0, value - 9)}:{min(value + 9, 0xffffffff)}"]
        if g.chance(0.3):
            ranges.insert(0, f"{g.r.getrandbits(32)}:{g.r.getrandbits(32)}")
        tests.append(f"{location}={','.join(ranges)}")
    return f"-m u32 {g.inverted()}--u32 \"{'&&'.join(tests)}\""


ARITHMETIC = [0x04, 0x14, 0x24, 0x34, 0x44, 0x54, 0x64, 0x74, 0x94, 0xa4]


def instruction(g, packets, left):
    """One that loads, computes or jumps; `left` instructions follow it."""
    packet = g.r.choice(packets)
    at = g.r.randrange(len(packet))
    kind = g.r.choice(["load"] * 4 + ["indexed", "msh", "fact", "network", "link", "number", "move", "memory"] +
                      ["compute"] * 3 + ["compare"] * 4)
    if kind == "compare" and left > 1:
        value = g.r.choice([packet[at], int.from_bytes(packet[at:at + 2], "big"), g.r.randrange(100)])
        return (g.r.choice([0x15, 0x15, 0x25, 0x35, 0x45]) | g.r.choice([0, 0, 8]), g.r.randrange(min(left, 4)),
                g.r.randrange(min(left, 4)), value)
    if kind == "indexed":
        return g.r.choice([0x40, 0x48, 0x50]), 0, 0, g.r.choice([0, 2, 9, at, 0xffffffff, FACTS])
    if kind == "msh":
        return 0xb1, 0, 0, g.r.choice([0, 0, at, 1000])
    if kind == "fact":
        return g.r.choice([0x20, 0x28, 0x30]), 0, 0, FACTS + g.r.choice([0, 4, 8, 12, 16, 20, 28, 40, 44, 48, 52, 52, 60])
    if kind == "network":
        return g.r.choice([0x20, 0x28, 0x30]), 0, 0, 0xfff00000 + at
    if kind == "link":
        return g.r.choice([0x20, 0x28, 0x30]), 0, 0, 0xffe00000 + g.r.randrange(20)
    if kind == "number":
        return g.r.choice([0x00, 0x01]), 0, 0, g.r.choice([at, g.r.getrandbits(32), 0, 1])
    if kind == "move":
        return g.r.choice([0x07, 0x87, 0x80, 0x81, 0x84]), 0, 0, 0
    if kind == "memory":
        return g.r.choice([0x60, 0x61, 0x02, 0x03]), 0, 0, g.r.randrange(3)
    if kind == "compute":
        code = g.r.choice(ARITHMETIC)
        if g.chance(0.3):
            return code | 8, 0, 0, 0
        return code, 0, 0, g.r.randrange(1, 32) if code in (0x64, 0x74) else g.r.choice([1, 2, 0xff, 0xffffffff, 12345])
    return g.r.choice([0x20, 0x28, 0x30]), 0, 0, at


def bpf(g, packets):
    # Memory is written first: the kernel refuses to read what may not have been.
    program = [(0x00, 0, 0, 7), (0x02, 0, 0, 0), (0x02, 0, 0, 1), (0x02, 0, 0, 2)]
    length = g.r.randrange(1, 14)
    program += [instruction(g, packets, length - n) for n in range(length)]
    program += [(0x54, 0, 0, 1), (0x16, 0, 0, 0)] if g.chance(0.5) else [(0x06, 0, 0, 1)]
    if program[-1][0] == 0x06:
        program[-2:] = [program[-2], (0x15, 0, 1, g.r.choice([0, 7, 69])), (0x06, 0, 0, 1), (0x06, 0, 0, 0)]
    return f"-m bpf --bytecode \"{len(program)},{','.join(' '.join(map(str, one)) for one in program)}\""


def search(name, seed):
    g = Generator(seed)
    six = g.chance(0.4)
    host = g.host(six)
    packets, steps = [], []
    for _ in range(g.r.randrange(4, 10)):
        device = g.r.choice([interface["name"] for interface in host["interfaces"]])
        far, near = (FAR6, HOSTS6) if six else (FAR, HOSTS)
        source = g.r.choice(near[device])
        destination = g.r.choice(far + near["wan0"] + (["2001:db8:1::1"] if six else ["192.0.2.1", "203.0.113.1"]))
        packet = g.ipv6(source, destination) if six else g.ipv4(source, destination)
        packets.append(packet)
        steps.append({"in": device, "frame": g.frame(device, packet, six).hex()})
    lines = ["*mangle"]
    for chain in ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]:
        for _ in range(g.r.choice([4, 8, 12])):
            lines.append(f"-A {chain} {g.r.choice([string, u32, bpf])(g, packets)}")
    host["ip6tables" if six else "iptables"] = "\n".join(lines + ["COMMIT", ""])
    return {"name": name, "about": "random rules that look into packets", "tags": ["random"], "host": host, "steps": steps}


KINDS = {"search": search}
