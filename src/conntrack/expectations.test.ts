import { beforeEach, describe, expect, test } from 'vitest';
import { type Bench, bench } from '../xtables/extension.fixture.ts';
import type { Connection } from './connection.ts';
import {
  EXPECT_ALREADY,
  EXPECT_BUSY,
  EXPECT_INACTIVE,
  EXPECT_NO_HELPER,
  EXPECT_PERMANENT,
  EXPECT_TOO_MANY,
  Expectation,
} from './expectations.ts';
import { ConnectionHelper } from './helper.ts';
import { Tuple } from './tuple.ts';

let b: Bench;
let masters: Connection[];

beforeEach(() => {
  b = bench();
  b.host.conntrack.acquire(4);
  for (const port of [40000, 40001]) b.receive(`udp 192.0.2.10:${port} > 203.0.113.9:69`);
  masters = [...b.host.conntrack.connections()];
  const { helpers } = b.host.conntrack;
  for (const master of masters) master.help = new ConnectionHelper(helpers.find('amanda', 4, 17));
});

const table = () => b.host.conntrack.expectations;
const planned = (port: number, master = masters[0]!) =>
  new Expectation(master).to(master.reply, 6, port).from(master.reply);

function arriving(port: number, from = 1234): Tuple {
  const tuple = new Tuple();
  tuple.copyFrom(planned(port).tuple);
  tuple.sourcePart = from;
  return tuple;
}

describe('expectations', () => {
  test('one is taken once, from any port', () => {
    const expectation = planned(4000);
    expect(table().insert(expectation)).toBe(0);
    expect(table().take(arriving(4001), masters[0]!.zone)).toBeUndefined();
    expect(table().take(arriving(4000), masters[0]!.zone)).toBe(expectation);
    expect(table().count).toBe(0);
    expect(masters[0]!.help!.expecting[0]).toBe(0);
  });

  test('the same one again begins to wait anew; that of another connection is in the way', () => {
    table().insert(planned(4000));
    b.host.advance(100);
    expect(table().insert(planned(4000))).toBe(0);
    expect(table().count).toBe(1);
    expect(table().insert(planned(4000, masters[1]))).toBe(EXPECT_BUSY);
    expect(table().insert(planned(4000, masters[1]), true)).toBe(EXPECT_ALREADY);
    b.host.advance(100);
    expect(table().count).toBe(1);
    b.host.advance(81);
    expect(table().count).toBe(0);
  });

  test('the oldest makes room for one too many', () => {
    for (const port of [1, 2, 3, 4, 5]) expect(table().insert(planned(port))).toBe(0);
    expect([...table()].map(({ tuple }) => tuple.destinationPart)).toEqual([2, 3, 4, 5]);
  });

  test('the table has a limit', () => {
    b.host.sysctl.set('net.netfilter.nf_conntrack_expect_max', '2');
    expect(table().insert(planned(1))).toBe(0);
    expect(table().insert(planned(2))).toBe(0);
    expect(table().insert(planned(3))).toBe(EXPECT_TOO_MANY);
    expect(table().count).toBe(2);
  });

  test('inactive ones are found but not taken, permanent ones stay', () => {
    const expectation = planned(4000);
    expectation.flags = EXPECT_PERMANENT | EXPECT_INACTIVE;
    table().insert(expectation);
    const { zone } = masters[0]!;
    expect(table().take(arriving(4000), zone)).toBeUndefined();
    expect(table().find(arriving(4000), zone)).toBe(expectation);
    expectation.flags = EXPECT_PERMANENT;
    expect(table().take(arriving(4000), zone)).toBe(expectation);
    expect(table().take(arriving(4000, 77), zone)).toBe(expectation);
    expect(table().take(arriving(4000), { ...zone, id: 5 })).toBeUndefined();
  });

  test('they end with their connection; without a helper there are none', () => {
    table().insert(planned(4000));
    table().insert(planned(4001));
    b.host.conntrack.remove(masters[0]!);
    expect(table().count).toBe(0);
    masters[1]!.help = undefined;
    expect(table().insert(planned(4000, masters[1]))).toBe(EXPECT_NO_HELPER);
  });

  test('listeners hear of them', () => {
    const heard: string[] = [];
    const stop = b.host.conntrack.events.listenExpectations((kind, { tuple }) =>
      heard.push(`${kind} ${tuple.destinationPart}`),
    );
    table().insert(planned(4000));
    table().flush();
    stop();
    table().insert(planned(4001));
    expect(heard).toEqual(['new 4000', 'destroy 4000']);
  });
});
