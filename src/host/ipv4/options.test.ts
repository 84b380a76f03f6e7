import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Options, readOptions } from './options.ts';
import { echoOptions } from './options-write.ts';
import { Router } from './router.fixture.ts';

const TO_HOST = 'udp 192.0.2.10:1 > 192.0.2.1:9';
const THROUGH = 'udp 192.0.2.10:1 > 198.51.100.20:2';

describe('record route and timestamps', () => {
  test('a router writes the address it forwards by', () => {
    expect(new Router().receive('lan0', `${THROUGH} record-route 2`)[0]).toContain(
      'option 7 hex:08cb00710100000000',
    );
  });

  test('the host writes its address when it comes, and when the answer leaves', () => {
    const [line] = new Router().receive('lan0', 'icmp 192.0.2.10 > 192.0.2.1 echo-request record-route 2');
    expect(line).toContain('option 7 hex:0cc0000201c0000201');
  });

  test('a full one stays as it is', () => {
    expect(new Router().receive('lan0', `${THROUGH} option 7 hex:0801020304`)[0]).toContain(
      'option 7 hex:0801020304',
    );
  });

  test('a timestamp gets the time of day', () => {
    const router = new Router();
    router.host.advance(1);
    expect(router.receive('lan0', `${THROUGH} option 68 hex:050000000000`)[0]).toContain(
      'option 68 hex:0900000003e8',
    );
  });

  test('a full timestamp counts who had no room, up to fifteen', () => {
    expect(new Router().receive('lan0', `${THROUGH} option 68 hex:0510`)[0]).toContain('option 68 hex:0520');
    expect(new Router().receive('lan0', `${THROUGH} option 68 hex:05f0`)[0]).toContain(
      'ip-header-bad pointer 23',
    );
  });
});

describe('parameter problem', () => {
  const pointer = (text: string): string | undefined =>
    /pointer (\d+)/.exec(new Router().receive('lan0', `${TO_HOST} ${text}`)[0] ?? '')?.[1];

  test.each([
    ['an option without length', 'options hex:07', '20'],
    ['longer than the header', 'options hex:99290000', '20'],
    ['record route that is too short', 'options hex:07020000', '21'],
    ['its pointer before the first slot', 'option 7 hex:0300000000', '22'],
    ['its pointer within a slot', 'option 7 hex:0500000000', '22'],
    ['two of them', 'record-route 1 record-route 1', '27'],
    ['a timestamp that is too short', 'options hex:44030500', '21'],
    ['two source routes', 'lsrr 10.0.0.80 lsrr 10.0.0.80', '27'],
    ['router alert that is too short', 'options hex:94030000', '21'],
    ['a security label nobody knows', 'option 134 hex:000000010000', '22'],
  ])('%s', (_name, text, at) => {
    expect(pointer(text)).toBe(at);
  });
});

describe('source routes', () => {
  const accepting = () => {
    const router = new Router();
    router.set('conf/all/accept_source_route', 1);
    router.set('conf/lan0/accept_source_route', 1);
    return router;
  };

  test('are refused unless every setting allows them', () => {
    const router = new Router();
    router.set('conf/all/accept_source_route', 0);
    expect(router.receive('lan0', `${TO_HOST} lsrr 10.0.0.80`)).toEqual([]);
    expect(router.drops).toEqual(['options: source routes are not accepted (accept_source_route=0)']);
  });

  test('are followed: to the next hop, with the own address in its place', () => {
    expect(accepting().receive('lan0', `${TO_HOST} lsrr 10.0.0.80,198.51.100.20`)[0]).toMatch(
      /^dmz0: udp 192\.0\.2\.10:1 > 10\.0\.0\.80:9 .*option 131 hex:080a000001c6336414/,
    );
  });

  test('a strict one does not go by a gateway', () => {
    expect(accepting().receive('lan0', `${TO_HOST} ssrr 198.51.100.20`)[0]).toContain('source-route-failed');
  });

  test('the answer goes back the same way', () => {
    const [line] = accepting().receive(
      'lan0',
      'icmp 192.0.2.10 > 192.0.2.1 echo-request option 131 hex:080a000050',
    );
    expect(line).toMatch(/^dmz0: icmp 192\.0\.2\.1 > 10\.0\.0\.80 echo-reply .*lsrr 192\.0\.2\.10/);
  });
});

test('fragments after the first keep only what is to be copied', () => {
  const lines = new Router({ wan0: 300 }).receive('lan0', `${THROUGH} router-alert record-route 1 len 600`);
  expect(lines.map((line) => [line.includes('option 7'), line.includes('router-alert')])).toEqual([
    [true, true],
    [false, true],
    [false, true],
  ]);
});

test('any options are read and answered without leaving their place', () => {
  const guard = 0x5a;
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 0, maxLength: 40 }), fc.boolean(), (given, foreign) => {
      const length = given.length & ~3;
      const bytes = new Uint8Array(8 + 20 + length + 8).fill(guard);
      bytes[8] = 0x40 | ((20 + length) >> 2);
      bytes.set(given.subarray(0, length), 28);
      const options = new Options();
      const wrong = readOptions(options, bytes, 8, {
        ownAddress: () => -1,
        timeOfDay: () => 1,
        isForeign: () => foreign,
      });
      expect(wrong === 0 || (wrong >= 20 && wrong < 20 + length + 1)).toBe(true);
      expect([...bytes.slice(0, 8), ...bytes.slice(28 + length)].every((byte) => byte === guard)).toBe(true);
      const echo = echoOptions(options, bytes, 8, () => foreign);
      if (echo) expect(echo.length).toBeLessThanOrEqual(40);
    }),
    { numRuns: 2000 },
  );
});
