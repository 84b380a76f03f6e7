import { expect, test } from 'vitest';
import { ACCEPT } from '../../netfilter/verdict.ts';
import { bench } from '../extension.fixture.ts';

const PACKET = 'udp 192.0.2.10:4000 > 203.0.113.9:53';

test('without a listener: dropped, or with --queue-bypass on its way', () => {
  for (const [words, frames] of [
    ['', 0],
    [' --queue-bypass', 1],
  ] as const) {
    const { run, receive, out } = bench();
    run(`iptables -A FORWARD -j NFQUEUE --queue-num 3${words}`);
    receive(PACKET);
    expect(out).toHaveLength(frames);
  }
});

test('the listener of the queue decides', () => {
  const { host, run, receive, out } = bench();
  run('iptables -A FORWARD -j NFQUEUE --queue-num 3');
  const waiting: (() => void)[] = [];
  host.queues.listen(3, ({ id }, answer) => waiting.push(() => answer(id, ACCEPT)));
  receive(PACKET);
  expect(out).toHaveLength(0);
  waiting[0]?.();
  expect(out).toHaveLength(1);
});

test('--queue-balance: a flow keeps its queue, many flows use them all', () => {
  const { host, run, receive } = bench();
  run('iptables -A FORWARD -j NFQUEUE --queue-balance 1:4');
  const got = new Map<number, Set<string>>();
  for (const queue of [1, 2, 3, 4]) {
    host.queues.listen(queue, ({ id, payload }, answer) => {
      const flow = payload.subarray(12, 20).join('.');
      got.set(queue, (got.get(queue) ?? new Set()).add(flow));
      answer(id, ACCEPT);
    });
  }
  for (let i = 0; i < 200; i++) receive(`udp 192.0.2.${i + 2}:4000 > 203.0.113.9:53`);
  for (let i = 0; i < 200; i++) receive(`udp 192.0.2.${i + 2}:4001 > 203.0.113.9:53`);
  const flows = [...got.values()].flatMap((set) => [...set]);
  expect(got.size).toBe(4);
  expect(new Set(flows).size).toBe(flows.length);
});
