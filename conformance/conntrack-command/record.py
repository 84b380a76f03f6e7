#!/usr/bin/env python3
"""Writes down what the real conntrack answers. Every NAME.txt holds command lines, one a line, that are run one after
another in a fresh network namespace; the answers go to NAME.json beside it. Needs root and conntrack-tools 1.4.7."""
import ctypes, json, os, shlex, subprocess, sys

CLONE_NEWNET = 0x40000000
HERE = os.path.dirname(os.path.abspath(__file__))


def record(path):
    answers = []
    with open(path) as lines:
        for line in lines:
            line = line.strip()
            if not line or line.startswith('#'):
                continue
            done = subprocess.run(shlex.split(line), capture_output=True, text=True, timeout=10)
            answers.append({'run': line, 'exit': done.returncode, 'stdout': done.stdout, 'stderr': done.stderr})
    with open(path[:-4] + '.json', 'w') as out:
        out.write('[\n' + ',\n'.join(json.dumps(answer) for answer in answers) + '\n]\n')
    return len(answers)


for name in sorted(sys.argv[1:] or os.listdir(HERE)):
    if name.endswith('.txt'):
        child = os.fork()
        if child == 0:
            if ctypes.CDLL(None).unshare(CLONE_NEWNET) != 0:
                sys.exit('unshare failed')
            print(name, record(os.path.join(HERE, name)))
            sys.stdout.flush()
            os._exit(0)
        os.waitpid(child, 0)
