"""The kind `sets`: sets of every type that the recorded kernel has, rules that ask them about packets, and rules that put packets
into them, take them out, and take marks from them."""

from generator import ADDRESSES6, FAR, FAR6, HOSTS, HOSTS6, MACS, NEIGHBOR_MACS, PORTS, Generator

TYPES = ["hash:ip", "hash:net", "hash:ip,port", "hash:net,port", "hash:ip,port,ip", "hash:ip,port,net", "hash:net,iface",
         "bitmap:ip", "bitmap:ip,mac", "bitmap:port"]
CHAINS = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]


def address(g, six):
    return g.r.choice(sum((HOSTS6 if six else HOSTS).values(), []) + (FAR6 if six else FAR)
                      + ([a.split("/")[0] for a in ADDRESSES6.values()] if six else ["192.0.2.1", "203.0.113.1"]))


def network(g, six, zero=False):
    lengths = [128, 64, 48, 32, 16, 1] if six else [32, 31, 30, 24, 16, 8, 1]
    return f"{address(g, six)}/{g.r.choice(lengths + ([0] if zero else []))}"


def port(g):
    return g.r.choice([f"tcp:{g.r.choice(PORTS)}", f"udp:{g.r.choice(PORTS)}", f"udp:{g.r.choice(PORTS)}", "tcp:20-23",
                       "udp:50-90", "gre:0", "esp:0"])


def icmp(g, six):
    return g.r.choice(["icmpv6:echo-request", "icmpv6:1/4"] if six else ["icmp:echo-request", "icmp:3/3", "icmp:8/0"])


def element(g, kind, six):
    any_port = icmp(g, six) if g.chance(0.2) else port(g)
    if kind == "bitmap:ip":
        return g.r.choice(["192.0.2.10", "192.0.2.11", "192.0.2.1", "192.0.2.64/26"])
    if kind == "bitmap:ip,mac":
        other = g.r.choice(list(NEIGHBOR_MACS.values()) + list(MACS.values()))
        return g.r.choice(["192.0.2.10", "192.0.2.11", "192.0.2.77"]) + (f",{other}" if g.chance(0.6) else "")
    if kind == "bitmap:port":
        return g.r.choice([str(g.r.choice([p for p in PORTS if p < 2000])), "50-90", "1000-1023"])
    parts = {"hash:ip": [address], "hash:net": [network], "hash:ip,port": [address, 0], "hash:net,port": [network, 0],
             "hash:ip,port,ip": [address, 0, address], "hash:ip,port,net": [address, 0, network], "hash:net,iface": [network, 1]}[kind]
    words = []
    for part in parts:
        if part == 0:
            words.append(any_port)
        elif part == 1:
            words.append(g.r.choice(["lan0", "wan0", "dmz0", "lo"]))
        else:
            words.append(network(g, six, kind == "hash:net,iface") if part is network else part(g, six))
    return ",".join(words)


def extras(g, options, kind):
    text = ""
    if "counters" in options and g.chance(0.4):
        text += f" packets {g.r.randrange(4)} bytes {g.r.choice([0, 40, 84, 1000])}"
    if "timeout" in options and g.chance(0.4):
        text += f" timeout {g.r.choice([0, 500, 900])}"
    if "skbinfo" in options and g.chance(0.7):
        text += f" skbmark {g.r.choice(['0x1', '0x10/0xff', '0x2/0x3'])} skbprio {g.r.choice(['1:2', '0:6'])}"
    if "comment" in options and g.chance(0.4):
        text += ' comment "one of them"'
    if "net" in kind and g.chance(0.25):
        text += " nomatch"
    if kind == "hash:net,iface" and g.chance(0.15):
        text += " wildcard"
    return text


def sets(g, six):
    """The text of `ipset restore`, and each set's name with how many parts its elements have."""
    lines, made = [], []
    for number in range(g.r.randrange(3, 7)):
        kind = g.r.choice(TYPES)
        is6 = six and kind.startswith("hash") and g.chance(0.8)
        name = f"s{number}"
        options = "".join(f" {word}" for word in ["counters", "comment", "skbinfo", "timeout 800"] if g.chance(0.35))
        if kind == "bitmap:port":
            head = "range 0-2000"
        elif kind.startswith("bitmap"):
            head = "range 192.0.2.0/24"
        else:
            head = f"family {'inet6' if is6 else 'inet'}"
            if kind in ("hash:ip", "hash:ip,port") and g.chance(0.3):
                head += g.r.choice([" netmask 64", " bitmask ffff:ffff::ff"] if is6 else [" netmask 24", " bitmask 255.255.0.255"])
        lines.append(f"create {name} {kind} {head}{options}")
        for _ in range(g.r.randrange(1, 9)):
            lines.append(f"add {name} {element(g, kind, is6)}{extras(g, options, kind)}")
        made.append((name, kind.count(",") + 1, 0 if kind == "bitmap:port" else 6 if is6 else 4))
    if g.chance(0.4):
        options = g.r.choice(["", " counters", " skbinfo", " counters timeout 700 skbinfo"])
        lines.append(f"create list list:set{options}")
        for name, _, _ in g.r.sample(made, g.r.randrange(1, len(made) + 1)):
            lines.append(f"add list {name}{extras(g, options, '')}")
        made.append(("list", g.r.randrange(1, 4), 0))
    # Elements may come twice.
    lines[0] += " -exist"
    return "\n".join(lines) + "\n", made


def directions(g, count):
    return ",".join(g.r.choice(["src", "dst"]) for _ in range(count if g.chance(0.9) else g.r.randrange(1, 4)))


def match(g, made):
    name, count, _ = g.r.choice(made)
    words = [f"-m set {g.inverted()}--match-set {name} {directions(g, count)}"]
    for option, value in [("packets-eq", [0, 1, 2, 3]), ("bytes-eq", [40, 84])]:
        if g.chance(0.12):
            words.append(f"{g.inverted()}--{option} {g.r.choice(value)}")
    for option in ["packets-lt", "packets-gt"] if "packets-eq" not in words[-1] else []:
        if g.chance(0.08) and "packets" not in " ".join(words):
            words.append(f"--{option} {g.r.randrange(4)}")
    if g.chance(0.1) and "bytes" not in " ".join(words):
        words.append(f"--bytes-{g.r.choice(['lt', 'gt'])} {g.r.choice([50, 100, 1000])}")
    for option in ["! --update-counters", "! --update-subcounters", "--return-nomatch"]:
        if g.chance(0.12):
            words.append(option)
    return " ".join(words)


def change(g, made, chain):
    target = "-j SET"
    singles = [one for one in made]
    name, count, _ = g.r.choice(singles)
    kind = g.r.random()
    if kind < 0.5:
        target += f" --add-set {name} {directions(g, count)}" + g.r.choice(["", "", " --exist"])
        if g.chance(0.4):
            target += f" --timeout {g.r.choice([0, 300, 4294967294])}"
    if kind > 0.4 and kind < 0.7:
        other, number, _ = g.r.choice(singles)
        target += f" --del-set {other} {directions(g, number)}"
    if kind >= 0.7:
        other, number, _ = g.r.choice(singles)
        target += f" --map-set {other} {directions(g, number)} --map-mark"
        if chain in ("FORWARD", "OUTPUT", "POSTROUTING"):
            target += g.r.choice(["", " --map-prio", " --map-queue"])
    return target


def scenario(name, seed):
    g = Generator(seed)
    six = g.chance(0.4)
    host = g.host(six)
    host["ipset"], made = sets(g, six)
    for tool, family in [("iptables", 4)] + ([("ip6tables", 6)] if six else []):
        usable = [one for one in made if one[2] in (0, family)]
        if not usable:
            continue
        lines = ["*mangle"]
        for chain in CHAINS:
            for _ in range(g.r.randrange(1, 6)):
                word = match(g, usable) if g.chance(0.8) else "-p " + g.r.choice(["udp", "tcp"])
                lines.append(f"-A {chain} {word} " + (change(g, usable, chain) if g.chance(0.35) else ""))
            lines.append(f"-A {chain} -m mark ! --mark 0")
        host[tool] = "\n".join(lines + ["COMMIT", ""])
    devices = [interface["name"] for interface in host["interfaces"]]
    steps = [g.step(devices, six) for _ in range(g.r.randrange(10, 20))]
    steps += [{"run": command} for command in ["iptables -t mangle -S", "ipset list -n"] if g.chance(0.3)]
    return {"name": name, "about": "random sets", "tags": ["random"], "host": host, "steps": steps}


KINDS = {"sets": scenario}
