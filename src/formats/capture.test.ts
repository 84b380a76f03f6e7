import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CaptureReader, looksLikeCapture } from './capture.ts';
import { CaptureError, type CaptureRecord } from './capture-record.ts';
import { pcapHeader, pcapRecord } from './pcap.ts';
import { pcapngHeader, pcapngRecord, type WrittenRecord } from './pcapng-write.ts';

const one: WrittenRecord = {
  interface: 0,
  seconds: 1_700_000_000,
  nanoseconds: 123_456_789,
  bytes: Uint8Array.of(1, 2, 3, 4, 5),
  length: 60,
};
const NAMES = [{ name: 'lan0' }, { name: 'wan0', linkType: 101 }];
const HEADER = pcapngHeader(NAMES);

function bytesOf(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** What a file holds as far as it can be read, and what is wrong with it. */
function read(file: Uint8Array, step = file.length): { records: CaptureRecord[]; problems: string[] } {
  const records: CaptureRecord[] = [];
  const problems: string[] = [];
  const note = (problem: CaptureError) => problems.push(problem.message);
  const reader = new CaptureReader((record) => records.push(record), note);
  try {
    for (let at = 0; at < file.length; at += step) reader.read(file.subarray(at, at + step));
    reader.finish();
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error;
    note(error);
  }
  return { records, problems };
}

/** A block of a type without a reader, or with a given body. */
function block(type: number, body: Uint8Array, little = true): Uint8Array {
  const view = new DataView(new ArrayBuffer(body.length + 12));
  view.setUint32(0, type, little);
  view.setUint32(4, body.length + 12, little);
  view.setUint32(body.length + 8, body.length + 12, little);
  new Uint8Array(view.buffer).set(body, 8);
  return new Uint8Array(view.buffer);
}

const written = fc.record({
  interface: fc.constantFrom(0, 1),
  seconds: fc.nat(0xffffffff),
  nanoseconds: fc.nat(999_999_999),
  bytes: fc.uint8Array({ maxLength: 300 }),
  extra: fc.nat(2000),
  direction: fc.option(fc.constantFrom<'in' | 'out'>('in', 'out'), { nil: undefined }),
  comment: fc.option(
    fc.string({ unit: 'grapheme' }).filter((text) => !text.endsWith('\0')),
    { nil: undefined },
  ),
});

describe('a capture in pcapng', () => {
  it('is read back as it was written, in chunks of any size', () => {
    fc.assert(
      fc.property(fc.array(written, { maxLength: 12 }), fc.integer({ min: 1, max: 400 }), (given, step) => {
        const records = given.map(({ extra, direction, comment, ...rest }) => ({
          ...rest,
          length: rest.bytes.length + extra,
          ...(direction ? { direction } : {}),
          ...(comment === undefined ? {} : { comment }),
        }));
        const { records: got, problems } = read(bytesOf(HEADER, ...records.map(pcapngRecord)), step);
        expect(problems).toEqual([]);
        expect(
          got.map(({ number: _n, offset: _o, interface: from, ...rest }) => ({
            ...rest,
            interface: from.index,
          })),
        ).toEqual(records);
      }),
      { numRuns: 100 },
    );
  });

  it('may have several sections, the other byte order, and blocks without packets', () => {
    const section = new Uint8Array(16);
    const view = new DataView(section.buffer);
    view.setUint32(0, 0x1a2b3c4d, false);
    view.setUint16(4, 1, false);
    const lan = Uint8Array.of(0, 1, 0, 0, 0, 0, 0, 3);
    const simple = Uint8Array.of(0, 0, 0, 9, 7, 8, 9, 0);
    const file = bytesOf(
      HEADER,
      pcapngRecord(one),
      block(0x80000001, new Uint8Array(100_000)),
      block(0x0a0d0d0a, section, false),
      block(1, lan, false),
      block(3, simple, false),
    );
    for (const step of [file.length, 1000, 7]) {
      const { records, problems } = read(file, step);
      expect(problems).toEqual([]);
      expect(records.map((record) => [record.number, record.interface.index, record.interface.name])).toEqual(
        [
          [1, 0, 'lan0'],
          [2, 2, undefined],
        ],
      );
      expect(records[1]).toMatchObject({ bytes: Uint8Array.of(7, 8, 9), length: 9, seconds: one.seconds });
    }
  });

  it.each([
    [6, 0n, 1_700_000_000_123_456n, 1_700_000_000, 123_456_000],
    [9, -100n, 1_700_000_000_123_456_789n, 1_699_999_900, 123_456_789],
    [0, 0n, 5n, 5, 0],
    [0x8a, 0n, 1536n, 1, 500_000_000],
    [12, 0n, 1_500_000_000_000n, 1, 500_000_000],
  ])('has times in units of %i, moved by %i s', (resolution, offset, units, seconds, nanoseconds) => {
    const description = new Uint8Array(32);
    const view = new DataView(description.buffer);
    view.setUint16(0, 1, true);
    view.setUint32(8, 9 | (1 << 16), true);
    view.setUint8(12, resolution);
    view.setUint32(16, 14 | (8 << 16), true);
    view.setBigInt64(20, offset, true);
    const packet = new Uint8Array(20);
    const packetView = new DataView(packet.buffer);
    packetView.setUint32(4, Number(units >> 32n), true);
    packetView.setUint32(8, Number(units & 0xffffffffn), true);
    const { records, problems } = read(bytesOf(pcapngHeader([]), block(1, description), block(6, packet)));
    expect(problems).toEqual([]);
    expect(records[0]).toMatchObject({ seconds, nanoseconds });
  });
});

describe('a broken capture is read as far as it goes', () => {
  const two = bytesOf(HEADER, pcapngRecord(one), pcapngRecord(one));
  const at = HEADER.length;
  const change = (place: number, value: number): Uint8Array => {
    const bytes = two.slice();
    new DataView(bytes.buffer).setUint32(place, value, true);
    return bytes;
  };
  it.each([
    [
      'cut',
      two.subarray(0, two.length - 1),
      1,
      `byte ${at + 40}: the file ends in an enhanced packet block, record 2`,
    ],
    [
      'whose length lies',
      change(at + 4, 0xfffffff0),
      0,
      `byte ${at + 4}: an enhanced packet block, record 1 says it has`,
    ],
    [
      'whose lengths differ',
      change(at + 36, 44),
      0,
      `byte ${at + 36}: the enhanced packet block of byte ${at} has`,
    ],
    [
      'with a frame longer than its block',
      change(at + 20, 9),
      1,
      `byte ${at + 20}: record 1 says it holds 9 bytes`,
    ],
    [
      'with an unknown interface',
      change(at + 8, 7),
      1,
      `byte ${at + 8}: record 1 is of interface 7; the section has 2`,
    ],
  ])('%s', (_name, file, count, message) => {
    const { records, problems } = read(file);
    expect(records).toHaveLength(count);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(message);
  });

  it('of any bytes, without an error of another kind, the same in chunks', () => {
    const classic = bytesOf(pcapHeader(), pcapRecord(one), pcapRecord(one));
    const changes = fc.array(fc.tuple(fc.nat(two.length), fc.nat(255)), { maxLength: 6 });
    fc.assert(
      fc.property(
        fc.boolean(),
        changes,
        fc.nat(two.length),
        fc.integer({ min: 1, max: 50 }),
        (ng, list, cut, step) => {
          const bytes = (ng ? two : classic).slice();
          for (const [place, value] of list) if (place < bytes.length) bytes[place] = value;
          const file = bytes.subarray(0, cut);
          expect(read(file, step)).toEqual(read(file));
        },
      ),
    );
  });

  it('or is none', () => {
    expect(read(new TextEncoder().encode('hello')).problems[0]).toContain('byte 0: not a capture');
    expect(looksLikeCapture(HEADER)).toBe(true);
    expect(looksLikeCapture(Uint8Array.of(1, 2, 3, 4))).toBe(false);
  });
});

const hasTshark = spawnSync('tshark', ['--version'], { stdio: 'ignore' }).status === 0;
it.skipIf(!hasTshark)(
  'what is written is read by tshark and capinfos (package tshark) without a complaint',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'fivehooks-pcapng-'));
    try {
      const path = join(folder, 'a.pcapng');
      const bytes = Uint8Array.from(Buffer.from(`4500001c${'00'.repeat(5)}11${'00'.repeat(18)}`, 'hex'));
      const comment = 'rule 3 of filter FORWARD: -A FORWARD -j ACCEPT → wan0';
      const parts = [1, 2, 3].map((nanoseconds) =>
        pcapngRecord({ interface: 1, seconds: 1_700_000_000, nanoseconds, bytes, direction: 'out', comment }),
      );
      writeFileSync(path, bytesOf(HEADER, ...parts));
      const fields = [
        'frame.interface_name',
        'frame.time_epoch',
        'frame.comment',
        'frame.packet_flags_direction',
      ];
      const tshark = spawnSync(
        'tshark',
        ['-r', path, '-T', 'fields', ...fields.flatMap((name) => ['-e', name])],
        {
          encoding: 'utf8',
        },
      );
      expect(tshark.status).toBe(0);
      expect(tshark.stderr.replace(/^Running as user.*\n/gm, '')).toBe('');
      const lines = tshark.stdout.trim().split('\n');
      expect(lines).toHaveLength(3);
      expect(lines[0]).toContain(`wan0\t1700000000.000000001\t${comment}\t`);
      const capinfos = spawnSync('capinfos', ['-c', '-M', path], { encoding: 'utf8' });
      expect(capinfos.stderr).toBe('');
      expect(capinfos.stdout).toMatch(/Number of packets:\s+3/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
