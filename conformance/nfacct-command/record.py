#!/usr/bin/env python3
"""Writes calls.jsonl beside it: what the real nfacct answers to the sequences below, each in a fresh network namespace.
Needs root, nfacct and iptables (legacy)."""

import json
import os
import subprocess
import sys

RESTORED = "{ pkts = 00000000000000000004, bytes = 00000000000000000336 } = r;\n"
LIMITED = "{ pkts = 9, bytes = 3, quota = 10, mode = packet, overquota = yes } = q;\n"
PING = ["ping", "-c", "3", "-q", "127.0.0.1"]
RULE = ["iptables", "-A", "INPUT", "-m", "nfacct", "--nfacct-name"]
LISTS = [["list"], ["list", "xml"], ["list", "json"], ["get", "b"], ["get", "b", "xml"], ["get", "b", "json"]]


def n(*words, stdin=""):
    return {"argv": ["nfacct", *words], "stdin": stdin}


def i(*words):
    return {"argv": list(words), "stdin": ""}


SEQUENCES = [
    [n("list"), n("list", "xml"), n("list", "json"), n("add", "a"), n("add", "a"), n("add", "b", "packet", "5"),
     n("add", "c", "byte", "500"), *[n(*words) for words in LISTS]],
    [n(*words) for words in [["l"], ["a", "x"], ["li"], ["g", "x"], ["d", "x"], ["g", "y"], ["f"], ["r"], ["listx"],
                             ["addx", "y"], [""], ["foo"], ["-h"], [], ["add"], ["get"], ["delete"], ["add", ""],
                             ["get", ""], ["delete", ""], ["flush", "x"], ["delete", "a", "b"], ["del", "x"]]],
    [n("add", *words) for words in [["a", "packet"], ["a", "foo", "5"], ["a", "packet", "5", "7"], ["a", "packet", "x"],
                                    ["a", "pack", "3"], ["a", "packets", "4"], ["a", "byte", ""]]] + [n("list")],
    [n("add", *words) for words in [["b", "packet", "0"], ["c", "packet", "18446744073709551615"],
                                    ["d", "packet", "18446744073709551616"], ["e", "packet", "-1"], ["f", "byte", "0x10"],
                                    ["g", "byte", "010"], ["j", "byte", "5x"], ["m", "byte", " 7"], ["a" * 35],
                                    ["a" * 31], ["a" * 32], ["with blank"]]] + [n("list"), n("list", "json")],
    [n("add", "c", "packet", "7")] + [n("get", "c", *words) for words in [
        ["xml"], ["json"], ["reset", "xml"], ["xml", "reset"], ["x"], ["j"], ["r"], ["reset", "reset"], ["d"], ["xml", "xml"],
        ["json", "xml"], ["xmlx"]]] + [n("list", "xml", "json"), n("list", "reset", "json"), n("list", "foo")],
    [n("restore", stdin=text) for text in [
        RESTORED + "{ pkts = 4, bytes = 3 } = s;\n", RESTORED, LIMITED, "hello\n", "\n", "{ pkts = 9, bytes = 3 } = noend",
        "{ pkts = 9, bytes = 3 } = no end;\n", "{ pkts = 9, bytes = 3 } = ;\n", "{ pkts = x, bytes = 3 } = t;\n",
        "{ pkts = 1, bytes = 3 } = t1; trailing\n", "  { pkts = 1, bytes = 3 } = t2;\n", "{pkts=1,bytes=2}=t3;\n",
        "{ pkts = 1, bytes = 3 } = t4;\nbad\n{ pkts = 1, bytes = 3 } = t5;\n", "{ pkts = -1, bytes = +3 } = t6;\n",
        "{ pkts = 99999999999999999999, bytes = 1 } = t7;", "{\tpkts  =  1 , bytes = 1}  =  t8  ;\n"]] + [n("list")],
    [i("ip", "link", "set", "lo", "up"), n("add", "a"), n("add", "p", "packet", "4"), n("add", "b", "byte", "300"),
     i(*RULE, "a"), i(*RULE, "p"), i(*RULE, "b", "-j", "ACCEPT"), i(*RULE, "nope"), i("iptables", "-S", "INPUT"), PING,
     n("list"), n("list", "json"), i("iptables", "-nvxL", "INPUT"), n("delete", "p"), n("flush"), n("list"),
     n("get", "p", "reset"), n("list"), n("list", "reset"), n("list"), i("iptables", "-D", "INPUT", "2"), n("delete", "p"),
     n("flush"), n("list"), i("iptables", "-F"), n("flush"), n("list")],
]


def run(call):
    if isinstance(call, list):
        subprocess.run(call, stdout=subprocess.DEVNULL, check=True)
        return {"echoes": 3}
    argv = [call["argv"][0] + "-legacy" if call["argv"][0] == "iptables" else call["argv"][0], *call["argv"][1:]]
    done = subprocess.run(argv, input=call["stdin"], capture_output=True, text=True)
    return {**call, "exit": done.returncode, "stdout": done.stdout, "stderr": done.stderr}


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps({"calls": [run(call) for call in SEQUENCES[int(sys.argv[1])]]}))
    else:
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "calls.jsonl"), "w") as file:
            for number in range(len(SEQUENCES)):
                subprocess.run(["unshare", "-n", sys.executable, __file__, str(number)], stdout=file, check=True)
