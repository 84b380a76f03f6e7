import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CapturedFrame,
  looksLikePcap,
  PcapError,
  type PcapHeader,
  PcapReader,
  pcapHeader,
  pcapRecord,
  readPcap,
} from './pcap.ts';

function file(frames: Parameters<typeof pcapRecord>[0][], header: Partial<PcapHeader> = {}): Uint8Array {
  return Uint8Array.from([
    ...pcapHeader(header),
    ...frames.flatMap((frame) => [...pcapRecord(frame, header)]),
  ]);
}

function errorOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(PcapError);
    return (error as PcapError).message;
  }
  return 'no error';
}

const one = {
  seconds: 1_700_000_000,
  nanoseconds: 123_456_000,
  bytes: Uint8Array.of(1, 2, 3, 4),
  length: 60,
};

describe('a capture', () => {
  it('is read back as it was written, in chunks of any size', () => {
    const frame = fc.record({
      seconds: fc.nat(0xffffffff),
      nanoseconds: fc.nat(999_999).map((micro) => micro * 1000),
      bytes: fc.uint8Array({ maxLength: 300 }),
      extra: fc.nat(2000),
    });
    const header = fc.record({
      linkType: fc.constantFrom(0, 1, 101, 108, 113, 276),
      snapLength: fc.constantFrom(0, 300, 65535, 262144, 0xffffffff),
      nanoseconds: fc.boolean(),
      littleEndian: fc.boolean(),
    });
    fc.assert(
      fc.property(header, fc.array(frame, { maxLength: 20 }), fc.nat(400), (head, given, step) => {
        const frames = given.map(({ extra, ...rest }) => ({ ...rest, length: rest.bytes.length + extra }));
        const written = file(frames, { ...head, snapLength: head.snapLength || 262144 });
        const reader = new PcapReader();
        const read: CapturedFrame[] = [];
        for (let at = 0; at < written.length; at += step + 1) {
          read.push(...reader.push(written.subarray(at, at + step + 1)));
        }
        reader.finish();
        expect(reader.header).toEqual({ ...head, snapLength: head.snapLength || 262144 });
        expect(read.map(({ number: _n, offset: _o, ...rest }) => rest)).toEqual(frames);
      }),
      { numRuns: 100 },
    );
  });

  it('says where each record lies', () => {
    const { frames } = readPcap(file([one, one]));
    expect(frames.map(({ number, offset }) => [number, offset])).toEqual([
      [1, 24],
      [2, 44],
    ]);
  });

  it('keeps nanoseconds', () => {
    const [frame] = readPcap(file([{ ...one, nanoseconds: 999_999_999 }], { nanoseconds: true })).frames;
    expect(frame?.nanoseconds).toBe(999_999_999);
  });

  it('may hold nothing', () => {
    expect(readPcap(file([])).frames).toEqual([]);
  });

  it('may be of any bytes without an error of another kind', () => {
    const mutated = fc.tuple(fc.nat(200), fc.nat(255));
    fc.assert(
      fc.property(fc.array(mutated, { maxLength: 6 }), fc.nat(200), (changes, cut) => {
        const bytes = file([one, one, one]);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        try {
          readPcap(bytes.subarray(0, cut));
        } catch (error) {
          expect(error).toBeInstanceOf(PcapError);
        }
      }),
    );
  });
});

describe('a broken capture is refused with its place', () => {
  it.each([
    [
      'empty',
      () => new Uint8Array(0),
      'byte 0: the file is empty; a capture begins with a header of 24 bytes',
    ],
    ['cut header', () => file([]).subarray(0, 10), 'byte 10: the file ends after 10 bytes; a capture begins'],
    [
      'text',
      () => new TextEncoder().encode('hello, world'),
      'byte 0: not a capture: it begins with 68656c6c',
    ],
    [
      'cut record header',
      () => file([one]).subarray(0, 30),
      'byte 24: the file ends in the header of record 1',
    ],
    [
      'cut record',
      () => file([one, one]).subarray(0, 61),
      'byte 44: the file ends in record 2 (1 of 4 bytes',
    ],
  ])('%s', (_name, make, message) => {
    expect(errorOf(() => readPcap(make()))).toContain(message);
  });

  it('that is of another version', () => {
    const bytes = file([]);
    bytes[4] = 1;
    expect(errorOf(() => readPcap(bytes))).toBe('byte 4: a capture of version 1.4; version 2.4 is read');
  });

  it.each([
    [8, 70_000, "byte 32: record 1 says it holds 70000 bytes; the file's snap length is 65535"],
    [8, 61, 'byte 32: record 1 says it holds 61 bytes of a frame that had 60 on the wire'],
    [4, 1_000_000, 'byte 28: record 1 has 1000000 microseconds in a second; the most is 999999'],
  ])('whose record lies (field at %i is %i)', (at, value, message) => {
    const bytes = file([one], { snapLength: 65535 });
    new DataView(bytes.buffer).setUint32(24 + at, value, true);
    expect(errorOf(() => readPcap(bytes))).toBe(message);
  });

  it('before a record of impossible length is waited for', () => {
    const bytes = file([one], { snapLength: 0 });
    new DataView(bytes.buffer).setUint32(16, 0, true);
    new DataView(bytes.buffer).setUint32(32, 0xfffffff0, true);
    const reader = new PcapReader();
    expect(errorOf(() => reader.push(bytes.subarray(0, 40)))).toContain('the most is 262144');
  });
});

describe('looksLikePcap', () => {
  it('knows captures from text', () => {
    expect(looksLikePcap(file([]))).toBe(true);
    expect(looksLikePcap(file([], { littleEndian: false, nanoseconds: true }))).toBe(true);
    expect(looksLikePcap(new TextEncoder().encode('tcp 1.2.3.4'))).toBe(false);
    expect(looksLikePcap(new Uint8Array(3))).toBe(false);
  });
});
