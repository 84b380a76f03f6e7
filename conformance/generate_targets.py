"""The kind `targets`: targets that change packets, copy them or hand them on, and matches that keep a state of their own."""

from generator import Generator

CONNECTIONS = ["-m connmark --mark {mark}", "-m connbytes --connbytes {count} --connbytes-dir {way} --connbytes-mode {unit}",
               "-m connlimit --connlimit-upto {few}", "-m connlimit --connlimit-above {few} --connlimit-mask {mask}",
               "-m conntrack --ctstate {state}", "-m cluster --cluster-total-nodes 2 --cluster-local-node 1 --cluster-hash-seed 7",
               "-m connlabel --label {few}", "-m helper --helper ftp"]


def match(g, six, chain):
    """A match that is not in every packet's header, or nothing."""
    fill = {"mark": g.r.choice(["0", "1", "0x2/0xf"]), "count": g.r.choice(["1:3", "2", "100:", ":5", "200:900"]),
            "way": g.r.choice(["original", "reply", "both"]), "unit": g.r.choice(["packets", "bytes", "avgpkt"]),
            "few": g.r.randrange(1, 4), "mask": g.r.choice([64, 128, 48] if six else [24, 32, 16]),
            "state": g.r.choice(["NEW", "ESTABLISHED", "NEW,RELATED", "INVALID", "UNTRACKED"])}
    i = g.inverted()
    return g.r.choice([
        "", "", "",
        f"-m limit --limit {g.r.choice(['1/hour', '2/minute', '3/day'])} --limit-burst {g.r.randrange(1, 6)}",
        f"-m quota {i}--quota {g.r.choice([60, 200, 1000])}",
        f"-m statistic --mode nth {i}--every {g.r.randrange(2, 5)} --packet {g.r.randrange(2)}",
        f"-m recent {i}--{g.r.choice(['set', 'rcheck', 'update', 'remove'])} --name {g.r.choice(['a', 'b'])} --{g.r.choice(['rsource', 'rdest'])}",
        f"-m recent {i}--{g.r.choice(['rcheck', 'update'])} --name a --hitcount {g.r.randrange(1, 4)}",
        f"-m length {i}--length {g.r.choice(['0:60', '61:', '40:80'])}",
        f"-m tcp -p tcp {i}--tcp-option {g.r.choice([2, 3, 8])}", "-p tcp", "-p udp",
        f"-m mark {i}--mark {g.r.choice(['0', '1', '0x10/0x10'])}",
        f"-m time {g.r.choice(['--timestart 00:00 --timestop 23:59', '--weekdays Mon,Tue,Wed,Thu,Fri,Sat,Sun', '--datestart 2030-01-01'])}",
        g.r.choice(CONNECTIONS).format(**fill), g.r.choice(CONNECTIONS).format(**fill)])


def target(g, six, table, chain):
    r = g.r
    choices = ["-j MARK --set-xmark 0x1/0x3", "-j MARK --or-mark 0x10", "-j MARK --and-mark 0xf", "-j MARK --xor-mark 5",
               "-j AUDIT --type accept", "-j LOG --log-prefix \"t \" --log-tcp-options --log-ip-options", "-j NFLOG --nflog-group 3",
               f"-j IDLETIMER --timeout 600 --label t{r.randrange(2)}", "-j ACCEPT", "-j RETURN",
               f"-j CONNMARK --set-mark {r.choice([1, 2])}", "-j CONNMARK --save-mark", "-j CONNMARK --restore-mark --mask 0xf"]
    if r.random() < 0.15:
        choices = ["-j NFQUEUE --queue-num 5 --queue-bypass", "-j NFQUEUE --queue-num 5", "-j QUEUE", "-j DROP"]
    if table == "mangle":
        choices += ["-j CLASSIFY --set-class 1:2", f"-j DSCP --set-dscp {r.choice([0, 10, 46])}", "-j DSCP --set-dscp-class AF21",
                    "-j TOS --set-tos 0x10/0x3f", "-j TOS --xor-tos 0x55", "-j CHECKSUM --checksum-fill",
                    f"-j TEE --gateway {r.choice(['2001:db8:2::80', '2001:db8:1::11'] if six else ['203.0.113.80', '192.0.2.11', '10.0.0.81'])}",
                    f"-p tcp -j TCPOPTSTRIP --strip-options {r.choice(['mss', 'wscale,sack-permitted', 'timestamp', '5,8', 'md5'])}"]
        choices += ["-p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS " + r.choice(["--set-mss 1000", "--clamp-mss-to-pmtu", "--set-mss 9000"])
                    if chain in ("FORWARD", "OUTPUT", "POSTROUTING") else
                    "-p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 536"] * 3
        if six:
            choices += ["-j HL --hl-dec 3", "-j SNPT --src-pfx 2001:db8:1::/64 --dst-pfx 2001:db8:5::/64" if chain in ("POSTROUTING", "INPUT") else
                        "-j DNPT --src-pfx 2001:db8:5::/64 --dst-pfx 2001:db8:1::/64" if chain in ("PREROUTING", "OUTPUT") else "-j HL --hl-set 8"]
        else:
            choices += ["-j TTL --ttl-inc 5", "-p tcp -j ECN --ecn-tcp-remove", "-j TTL --ttl-set 2"]
    if table == "raw":
        choices += ["-j TRACE", "-j NOTRACK", "-j CT --zone 3", "-j CT --notrack", "-j CT --ctevents new,destroy"]
    if table == "filter":
        choices += ["-j REJECT", "-p tcp -j REJECT --reject-with tcp-reset"]
    return r.choice(choices)


def rule(g, six, table, chain):
    asked, done = match(g, six, chain), target(g, six, table, chain)
    if "-p " in asked and "-p " in done:
        asked = ""
    if table == "raw" and any(word in asked for word in ("conn", "cluster", "helper")):
        asked = ""
    return f"-A {chain} {asked} {done}".replace("  ", " ")


def targets(name, seed):
    g = Generator(seed)
    six = g.chance(0.4)
    host = g.host(six)
    devices = [interface["name"] for interface in host["interfaces"]]
    text = ""
    for table in ["raw", "mangle", "filter"]:
        if not g.chance({"raw": 0.4, "mangle": 0.95, "filter": 0.5}[table]):
            continue
        text += f"*{table}\n" + "".join(f":{chain} ACCEPT [0:0]\n" for chain in g.CHAINS[table])
        for chain in g.CHAINS[table]:
            for _ in range(g.r.choice([0, 1, 2, 4])):
                text += rule(g, six, table, chain) + "\n"
        text += "COMMIT\n"
    host["ip6tables" if six else "iptables"] = text
    steps = []
    for _ in range(g.r.randrange(10, 24)):
        step = g.step(devices, six)
        steps.append(step)
        # The same again, for what counts and remembers.
        if g.chance(0.4):
            steps += [step] * g.r.randrange(1, 4)
    return {"name": name, "about": "random targets", "tags": ["random"], "host": host, "steps": steps}


KINDS = {"targets": targets}
