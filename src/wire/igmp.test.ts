import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseIpv4 } from './address.ts';
import { buildFrame } from './build/index.ts';
import { get32, toHex } from './bytes.ts';
import { CUT, HEADER_CUT, OK } from './check.ts';
import { stretch } from './guarded.fixture.ts';
import * as igmp from './igmp.ts';

test('a version 2 report to the byte', () => {
  const b = buildFrame({ igmp: { type: igmp.IGMP_REPORT2, group: '224.0.0.251' } });
  expect(toHex(b)).toBe('16000904e00000fb');
  expect(igmp.checkIgmp(b, 0, 8)).toBe(OK);
  expect(igmp.checkIgmp(b, 0, 7)).toBe(CUT);
  expect([igmp.igmpType(b, 0), igmp.igmpCode(b, 0)]).toEqual([igmp.IGMP_REPORT2, 0]);
  expect([igmp.igmpGroup(b, 0), igmp.igmpChecksum(b, 0)]).toEqual([parseIpv4('224.0.0.251'), 0x0904]);
});

test('versions of queries', () => {
  const of = (b: Uint8Array) => igmp.igmpQueryVersion(b, 0, b.length);
  expect(of(buildFrame({ igmp: {} }))).toBe(1);
  expect(of(buildFrame({ igmp: { code: 100 } }))).toBe(2);
  expect(of(buildFrame({ igmp: { query3: {} } }))).toBe(3);
  expect(of(buildFrame({ igmp: {} }, new Uint8Array(2)))).toBe(0);
});

test('a version 3 query', () => {
  const query3 = { suppress: true, robustness: 7, interval: 200, sources: ['192.0.2.1', -1] };
  const b = buildFrame({ igmp: { code: 24, group: '239.1.2.3', query3 } });
  expect(b.length).toBe(20);
  expect(igmp.checkIgmp(b, 0, 20)).toBe(OK);
  expect(igmp.checkIgmp(b, 0, 19)).toBe(HEADER_CUT);
  expect(igmp.igmpChecksumFits(b, 0, 20)).toBe(true);
  expect([igmp.igmpQuerySuppress(b, 0), igmp.igmpQueryRobustness(b, 0)]).toEqual([true, 7]);
  expect([igmp.igmpQueryInterval(b, 0), igmp.igmpQuerySources(b, 0), get32(b, 16)]).toEqual([200, 2, -1]);
});

test('codes above 127 are a small floating number', () => {
  expect([0, 127, 128, 143, 144, 255].map(igmp.igmpTime)).toEqual([0, 127, 128, 248, 256, 31744]);
});

test('a version 3 report, record by record', () => {
  const b = buildFrame({
    igmp: {
      type: igmp.IGMP_REPORT3,
      records: [
        { type: igmp.IGMP_TO_EXCLUDE, group: '239.0.0.1' },
        { type: igmp.IGMP_ALLOW, group: '239.0.0.2', sources: [1, 2], auxiliary: Uint8Array.of(1) },
      ],
    },
  });
  expect(igmp.checkIgmp(b, 0, b.length)).toBe(OK);
  expect(igmp.igmpRecords(b, 0)).toBe(2);
  expect(igmp.igmpChecksumFits(b, 0, b.length)).toBe(true);
  const walk = new igmp.IgmpRecordWalk().start(b, 0, b.length);
  expect(walk.next()).toBe(true);
  expect(walk).toMatchObject({ kind: 4, at: 8, length: 8, sources: 0, group: parseIpv4('239.0.0.1') });
  expect(walk.next()).toBe(true);
  expect(walk).toMatchObject({ kind: 5, at: 16, length: 20, sources: 2, group: parseIpv4('239.0.0.2') });
  expect([walk.next(), walk.broken]).toEqual([false, false]);
  for (const end of [35, 23, 9]) {
    expect(igmp.checkIgmp(b, 0, end)).toBe(HEADER_CUT);
  }
});

test('no look beyond the end, and every walk ends', () => {
  const walk = new igmp.IgmpRecordWalk();
  let walked = 0;
  fc.assert(
    fc.property(stretch, fc.constantFrom(0x11, 0x22, 0x16), ({ bytes, b, o, end }, type) => {
      bytes[o] = type;
      // Upper halves of numbers of sources 0, so that records often fit.
      for (let at = o + 10; at < end; at += 4) bytes[at] = 0;
      if (igmp.checkIgmp(b, o, end) === OK) igmp.igmpChecksumFits(b, o, end);
      if (o + igmp.IGMP_LENGTH > end) return;
      for (walk.start(b, o, end); walk.next(); walked++) {
        expect(walk.at + walk.length).toBeLessThanOrEqual(end);
      }
    }),
    { numRuns: 500 },
  );
  expect(walked).toBeGreaterThan(50);
});
