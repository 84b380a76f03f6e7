import { describe, expect, it } from 'vitest';
import { fakeServices, makeXtables, run as runCommand } from '../commands/iptables/cases.fixture.ts';
import { HookState, Hooks } from '../netfilter/hooks.ts';
import { Packet } from '../netfilter/packet.ts';
import { NumberedQueues } from '../netfilter/queues.ts';

interface Changes {
  readonly log?: (level: number, text: string) => void;
  readonly reroute?: () => number;
}

function host(changes: Changes = {}) {
  const hooks = new Hooks(new NumberedQueues());
  const xtables = makeXtables(hooks, { ...fakeServices(), ...changes });
  const run = (line: string, stdin = '') => {
    const result = runCommand(xtables, line.split(' '), stdin)!;
    return `${result.stdout}${result.stderr}`;
  };
  return { hooks, xtables, run };
}

function ping(): Packet {
  const packet = new Packet();
  packet.reset();
  packet.resize(28);
  const header = [0x45, 0, 0, 28, 0, 1, 0, 0, 64, 1, 0, 0, 192, 0, 2, 7, 192, 0, 2, 1];
  packet.bytes.set([...header, 8, 0, 0, 0, 0, 1, 0, 1], packet.network);
  return packet;
}

const accept = () => 0;

describe('tables', () => {
  it('come to be by their first use, are hooked in, and are saved in reverse order', () => {
    const { hooks, run, xtables } = host();
    expect(hooks.list(4, 3)).toEqual([]);
    run('iptables -t raw -S');
    run('iptables -A INPUT -j DROP');
    run('iptables -t mangle -L -n');
    run('iptables -t nat -S');
    expect(hooks.list(4, 3).map(({ name, priority }) => ({ name, priority }))).toEqual([
      { name: 'iptable_raw', priority: -300 },
      { name: 'iptable_mangle', priority: -150 },
      { name: 'nat', priority: -100 },
      { name: 'iptable_filter', priority: 0 },
    ]);
    expect(hooks.list(6, 3)).toEqual([]);
    expect(xtables.tables(4).map((table) => table.name)).toEqual(['raw', 'filter', 'mangle', 'nat']);
    expect(run('iptables-save').match(/^\*.*$/gm)).toEqual(['*nat', '*mangle', '*filter', '*raw']);
  });

  it('keep the counters of rules and lose those of policies when they are replaced', () => {
    const { hooks, run } = host();
    run('iptables -A INPUT -p icmp');
    for (let i = 0; i < 3; i++) hooks.run(ping(), 4, 1, 2, 0, accept);
    expect(run('iptables -v -S')).toContain('-P INPUT ACCEPT -c 3 84');
    run('iptables -I INPUT -p udp');
    const after = run('iptables -v -S');
    expect(after).toContain('-P INPUT ACCEPT -c 0 0');
    expect(after).toContain('-A INPUT -p udp -c 0 0\n-A INPUT -p icmp -c 3 84');
  });

  it('are left as they were by what the kernel refuses', () => {
    const { run } = host();
    run('iptables -N a');
    run('iptables -A INPUT -j a');
    const before = run('iptables -S');
    expect(run('iptables -A a -j a')).toBe('iptables: Too many levels of symbolic links.\n');
    expect(run('iptables -A INPUT -m tcp --dport 1')).toContain('Invalid argument');
    expect(run('iptables -S')).toBe(before);
  });

  it('accept a loop that nothing reaches, also one behind an unconditional verdict', () => {
    const { run } = host();
    run('iptables -N a');
    expect(run('iptables -A a -j a')).toBe('');
    run('iptables -A INPUT -j ACCEPT');
    expect(run('iptables -A INPUT -j a')).toBe('');
  });
});

describe('mangle OUTPUT', () => {
  it('looks the route up again after a change, and gives the error to the sender', () => {
    let asked = 0;
    const { hooks, run } = host({
      reroute: () => {
        asked++;
        return -101;
      },
    });
    run('iptables -t mangle -A OUTPUT -p icmp -m mark --mark 0 -j MARK --set-mark 1');
    expect(hooks.run(ping(), 4, 3, 0, 2, accept)).toBe(-101);
    const marked = ping();
    marked.mark = 1;
    expect(hooks.run(marked, 4, 3, 0, 2, accept)).toBe(0);
    expect(asked).toBe(1);
  });
});

describe('a traced packet', () => {
  it('says which line of which chain it met', () => {
    const lines: string[] = [];
    const { run, xtables } = host({ log: (level, text) => lines.push(`<${level}>${text}`) });
    run('iptables -N a');
    run('iptables -A INPUT -p icmp -j a');
    run('iptables -A a -i eth+');
    run('iptables -A INPUT -j DROP');
    const packet = ping();
    packet.traced = true;
    const state = new HookState();
    state.hook = 1;
    state.inDevice = 2;
    xtables.table(4, 'filter')!.run(packet, state);
    expect(lines.map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
      '<4>TRACE: filter:INPUT:rule:1 IN=eth0',
      '<4>TRACE: filter:a:rule:1 IN=eth0',
      '<4>TRACE: filter:a:return:2 IN=eth0',
      '<4>TRACE: filter:INPUT:policy:2 IN=eth0',
    ]);
  });
});
