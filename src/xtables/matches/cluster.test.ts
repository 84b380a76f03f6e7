import { expect, test } from 'vitest';
import { bench } from '../extension.fixture.ts';

test('each connection belongs to one node, its answers to the same', () => {
  const { run, receive, count } = bench();
  for (const chain of ['INPUT', 'OUTPUT']) {
    for (let node = 1; node <= 3; node++) {
      run(
        `iptables -A ${chain} -m cluster --cluster-total-nodes 3 --cluster-local-node ${node} --cluster-hash-seed 7`,
      );
    }
  }
  for (let host = 2; host < 62; host++) {
    receive(`icmp 192.0.2.${host} > 192.0.2.1 echo-request id 1`);
  }
  const counts = (chain: string) => [1, 2, 3].map((rule) => count(chain, rule));
  expect(counts('INPUT').reduce((sum, one) => sum + one)).toBe(60);
  expect(Math.min(...counts('INPUT'))).toBeGreaterThan(5);
  expect(counts('OUTPUT').reduce((sum, one) => sum + one)).toBeGreaterThan(0);
});

test('a packet without a connection belongs to nobody, inverted or not', () => {
  const { run, receive, count } = bench();
  const options = '--cluster-total-nodes 2 --cluster-hash-seed 1';
  run(`iptables -A FORWARD -m cluster --cluster-local-nodemask 3 ${options}`);
  run(`iptables -A FORWARD -m cluster ! --cluster-local-nodemask 3 ${options}`);
  receive('tcp 192.0.2.10:4000 > 203.0.113.9:80 rst,fin');
  expect([count('FORWARD'), count('FORWARD', 2)]).toEqual([0, 0]);
});

test('a node that there is not is refused', () => {
  const words = '--cluster-total-nodes 2 --cluster-local-node 3 --cluster-hash-seed 1';
  expect(() => bench().run(`iptables -A FORWARD -m cluster ${words}`)).toThrow('must be <=');
});
