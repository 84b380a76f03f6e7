import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  addressesOf,
  type Flow,
  type KubeProxyCase,
  nodeOf,
  type Seen,
  sendFlow,
} from './kube-proxy.fixture.ts';

/** FIVEHOOKS_KUBE_PROXY names another folder of cases. */
const folder =
  process.env.FIVEHOOKS_KUBE_PROXY ?? resolve(import.meta.dirname, '../../conformance/kube-proxy');
/** With three endpoints one in 10¹⁰ runs would miss one; and the seed is always the same. */
const CONNECTIONS = 64;

const cases = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(resolve(folder, name), 'utf8')) as KubeProxyCase);

/** What a connection's first packet met, in the words of a flow. */
function outcome({ destination, rejected }: Seen): string {
  return destination ?? (rejected ? 'REJECT' : 'DROP');
}

describe.each(cases)('$name', (one) => {
  test.each(one.flows)('$name', (flow: Flow) => {
    // Sources that stick to their endpoint would always meet the same.
    const sticks = one.iptables.includes('-m recent');
    const host = nodeOf(one, 1);
    const untouched = flow.dst.includes(':') ? `[${flow.dst}]:${flow.dport}` : `${flow.dst}:${flow.dport}`;
    const expected =
      typeof flow.endpoints === 'string'
        ? flow.endpoints === '' || flow.endpoints === 'ACCEPT'
          ? [untouched]
          : [flow.endpoints]
        : [...flow.endpoints].sort();
    const met = new Set<string>();
    for (let n = 0; n < CONNECTIONS; n++) {
      const node = sticks ? nodeOf(one, n) : host;
      const seen = sendFlow(node, flow, 40_000 + n);
      met.add(outcome(seen));
      if (seen.source === undefined) continue;
      const masked = flow.masq ? addressesOf(one, seen.device) : [flow.src];
      expect(masked).toContain(seen.source);
    }
    expect([...met].sort()).toEqual(expected);
  });
});
