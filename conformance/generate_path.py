"""Kinds of `generate` that need no connection tracking: path, rules, ipv6, commands."""

from generator import Generator


def make(kind):
    """A function of a scenario's name and seed that makes a scenario of this kind."""
    def scenario(name, seed):
        g = Generator(seed)
        six = kind == "ipv6"
        host = g.host(six)
        if kind in ("rules", "commands") or g.chance(0.4):
            host["iptables"] = g.ruleset(False)
        if six and g.chance(0.7):
            host["ip6tables"] = g.ruleset(True)
        devices = [interface["name"] for interface in host["interfaces"]]
        steps = []
        for _ in range(g.r.randrange(12, 30)):
            steps.append(g.step(devices, six))
            if kind == "commands" and g.chance(0.5):
                steps.append({"run": g.r.choice(g.COMMANDS)})
        return {"name": name, "about": f"random {kind}", "tags": ["random", kind], "host": host, "steps": steps}
    return scenario


KINDS = {kind: make(kind) for kind in ("path", "rules", "ipv6", "commands")}
