/** How long loading 100,000 rules takes, and walking them: `npx tsx bench/load-rules.ts [RULES]`. */
import { freshXtables } from '../src/commands/iptables/cases.fixture.ts';
import { runRestore } from '../src/commands/iptables/restore.ts';
import { runSave } from '../src/commands/iptables/save.ts';
import { HookState } from '../src/netfilter/hooks.ts';
import { Packet } from '../src/netfilter/packet.ts';

const count = Number(process.argv[2] ?? 100_000);
const text = ruleset(count);
const xtables = freshXtables();

const [loaded, result] = timed(() => runRestore(xtables, 4, ['iptables-restore'], text));
if (result.exit !== 0) throw new Error(result.stderr);
const [again] = timed(() => runRestore(xtables, 4, ['iptables-restore'], text));
const [saved, saving] = timed(() => runSave(xtables, 4, ['iptables-save', '-t', 'filter'], 0));
console.log(`${count} rules: loaded in ${ms(loaded)}, again in ${ms(again)}, saved in ${ms(saved)}`);
if (saving.stdout.split('\n').length < count) throw new Error('rules are missing');

const packet = tcpPacket();
const state = new HookState();
state.hook = 1;
const table = xtables.table(4, 'filter')!;
const walks = 200;
for (let i = 0; i < 20; i++) table.run(packet, state);
const [walked] = timed(() => {
  for (let i = 0; i < walks; i++) table.run(packet, state);
});
console.log(
  `a walk past ${count} rules: ${ms(walked / walks)} (${((walked * 1e6) / walks / count).toFixed(1)} ns a rule)`,
);

function ruleset(rules: number): string {
  const lines = [
    '*filter',
    ':INPUT ACCEPT [0:0]',
    ':FORWARD ACCEPT [0:0]',
    ':OUTPUT ACCEPT [0:0]',
    ':out - [0:0]',
  ];
  for (let i = 0; i < rules; i++) {
    const address = `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
    if (i % 4 === 0) lines.push(`-A INPUT -s ${address}/32 -j DROP`);
    else if (i % 4 === 1)
      lines.push(`-A INPUT -s ${address}/32 -p tcp -m tcp --dport ${i % 65536} -j ACCEPT`);
    else if (i % 4 === 2)
      lines.push(`-A INPUT -i eth1 -d ${address}/24 -m comment --comment "rule ${i}" -j out`);
    else lines.push(`-A INPUT -p tcp -m tcp --sport ${i % 65536} -m mark --mark ${i} -j RETURN`);
  }
  return `${lines.join('\n')}\nCOMMIT\n`;
}

function tcpPacket(): Packet {
  const packet = new Packet();
  packet.reset();
  const header = [0x45, 0, 0, 40, 0, 1, 0, 0, 64, 6, 0, 0, 192, 0, 2, 7, 192, 0, 2, 1];
  const tcp = [0, 80, 0x9c, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0];
  packet.resize(40);
  packet.bytes.set([...header, ...tcp], packet.network);
  return packet;
}

function timed<T>(run: () => T): [number, T] {
  const began = performance.now();
  const value = run();
  return [performance.now() - began, value];
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 3 : 0)} ms`;
}
