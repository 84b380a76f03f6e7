import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { parsePacket } from '../formats/packet-language/index.ts';
import { pcapHeader, pcapRecord } from '../formats/pcap.ts';
import { pcapngHeader, pcapngRecord } from '../formats/pcapng-write.ts';
import { UserProblem } from './problem.ts';
import { readInputs, type Selection } from './trace-inputs.ts';

const folder = mkdtempSync(join(tmpdir(), 'fivehooks-inputs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const everything: Selection = { count: Number.POSITIVE_INFINITY, numbers: undefined };
const at = { device: 'lan0' };
const frame = parsePacket('udp 1.2.3.4:1 > 1.2.3.5:2').frame();

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function capture(records: number, linkType = 1): Uint8Array {
  const record = pcapRecord({ seconds: 7, nanoseconds: 0, bytes: frame });
  return Buffer.concat([pcapHeader({ linkType }), ...Array.from({ length: records }, () => record)]);
}

function problemOf(argument: string, selection = everything): UserProblem {
  try {
    readInputs(argument, at, 3, selection);
  } catch (error) {
    if (error instanceof UserProblem) return error;
    throw error;
  }
  throw new Error('it was taken');
}

describe('an argument', () => {
  it('may be a packet, or its hex', () => {
    const [line] = readInputs('udp 1.2.3.4:1 > 1.2.3.5:2', at, 3, everything);
    const [hex] = readInputs(Buffer.from(frame).toString('hex'), at, 3, everything);
    expect(line).toMatchObject({ kind: 'packet', from: { name: 'packet 3' }, at });
    expect(hex).toMatchObject({ kind: 'packet' });
    for (const input of [line, hex]) {
      if (input?.kind === 'packet') expect(input.packet.frame()).toEqual(frame);
    }
  });

  it('may be a capture, of which some records may be wanted', () => {
    const path = file('a.pcap', capture(9));
    const numbers = (selection: Selection): (number | undefined)[] =>
      readInputs(path, at, 1, selection).map((input) =>
        input.kind === 'frame' ? input.frame.number : undefined,
      );
    expect(numbers(everything).length).toBe(9);
    expect(numbers({ ...everything, count: 2 })).toEqual([1, 2]);
    const wanted: Selection['numbers'] = [
      [2, 3],
      [8, Number.POSITIVE_INFINITY],
    ];
    expect(numbers({ ...everything, numbers: wanted })).toEqual([2, 3, 8, 9]);
  });

  it('may be a capture in pcapng, or a compressed one', () => {
    const interfaces = [{ name: 'lan0' }, { name: 'raw0', linkType: 101 }];
    const blocks = [
      pcapngHeader(interfaces),
      pcapngRecord({ interface: 0, seconds: 7, nanoseconds: 5, bytes: frame }),
      pcapngRecord({ interface: 1, seconds: 7, nanoseconds: 6, bytes: frame.subarray(14) }),
    ];
    const path = file('a.pcapng.gz', gzipSync(Buffer.concat(blocks)));
    const read = readInputs(path, at, 1, everything);
    expect(read.map((input) => input.kind === 'frame' && input.linkType)).toEqual([1, 101]);
    expect(read[1]).toMatchObject({
      frame: { number: 2, seconds: 7, nanoseconds: 6, bytes: frame.subarray(14) },
    });
    const cut = file('cut.gz', gzipSync(Buffer.concat(blocks)).subarray(0, 60));
    expect(problemOf(cut).message).toBe(`${cut}: cannot be unpacked (gzip): unexpected end of file`);
  });

  it('may be a text of packets', () => {
    const path = file(
      'packets.txt',
      '# two packets\n\nudp 1.2.3.4:1 > 1.2.3.5:2\n  tcp 1.2.3.4:1 > 1.2.3.5:2 syn\n',
    );
    expect(
      readInputs(path, at, 1, everything).map((input) => input.kind === 'packet' && input.from.name),
    ).toEqual([`${path}:3`, `${path}:4`]);
  });
});

describe('what is wrong is told with its place', () => {
  it('in a packet, whose word is pointed at', () => {
    const problem = problemOf('udp 1.2.3.4:70000 > 1.2.3.5:2');
    expect(problem.exit).toBe(2);
    expect(problem.message).toBe(
      [
        'packet 3, column 13: port 70000: must be 0 to 65535',
        '  udp 1.2.3.4:70000 > 1.2.3.5:2',
        '              ^^^^^',
      ].join('\n'),
    );
  });

  it('in a long packet, of which only the neighbourhood is shown', () => {
    const problem = problemOf(`udp 1.2.3.4:1 > 1.2.3.5:2 hex:${'00'.repeat(300)} wrong len 5`);
    const [, shown = '', marks = ''] = problem.message.split('\n');
    expect(shown.length).toBeLessThan(120);
    expect(shown.slice(marks.indexOf('^'), marks.length)).toBe('wrong');
  });

  it('in a text of packets', () => {
    const path = file('wrong.txt', 'udp 1.2.3.4:1 > 1.2.3.5:2\nupd 1.2.3.4:1 > 1.2.3.5:2\n');
    expect(problemOf(path)).toMatchObject({ exit: 1 });
    expect(problemOf(path).message).toContain(
      `${path}:2, column 1: 'upd' is no protocol; did you mean 'udp'?`,
    );
  });

  it('in a capture', () => {
    const path = file('cut.pcap', capture(1).subarray(0, 50));
    expect(problemOf(path).message).toBe(
      `${path}: byte 24: the file ends in record 1 (10 of ${frame.length} bytes of the frame)`,
    );
  });

  it('for files that are none, of another kind, or of other links', () => {
    expect(problemOf('no/such.pcap').message).toBe('no/such.pcap: cannot be read: no such file or folder');
    const binary = file('binary', Uint8Array.of(1, 0, 2));
    expect(problemOf(binary).message).toContain('neither a capture (pcap, pcapng) nor a text of packets');
    const odd = file('odd.pcap', capture(1, 147));
    expect(problemOf(odd).message).toContain(
      'record 1: frames of link type 147 cannot be read; 0 (BSD loopback), 1',
    );
  });

  it('for records that are not there', () => {
    const path = file('b.pcap', capture(2));
    expect(problemOf(path, { ...everything, numbers: [[5, 6]] }).message).toBe(
      `${path}: has 2 records, none of them asked for by --packet`,
    );
  });
});
