import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildFrame } from './build/index.ts';
import { fromHex } from './bytes.ts';
import { BAD_FORMAT, BAD_HEADER_LENGTH, CUT, HEADER_CUT, OK } from './check.ts';
import { checksum, pseudoSum4 } from './checksum.ts';
import * as dccp from './dccp.ts';
import { stretch } from './guarded.fixture.ts';
import { OptionWalk } from './options.ts';

const fields = fc.boolean().chain((extended) => {
  const sequence = fc.nat(extended ? 0xffffffffffff : 0xffffff);
  return fc.record({
    extended: fc.constant(extended),
    sourcePort: fc.nat(0xffff),
    destinationPort: fc.nat(0xffff),
    type: fc.nat(9),
    ccval: fc.nat(15),
    coverage: fc.nat(15),
    sequence,
    acknowledgment: sequence,
    serviceCode: fc.integer(),
    resetCode: fc.nat(255),
    options: fc.nat(5).chain((words) => fc.uint8Array({ minLength: words * 4, maxLength: words * 4 })),
  });
});

test('a built packet reads as it was built', () => {
  fc.assert(
    fc.property(fields, fc.uint8Array({ maxLength: 70, size: 'max' }), (given, payload) => {
      const b = buildFrame({ ipv4: {} }, { dccp: given }, payload);
      expect(dccp.checkDccp(b, 20, b.length)).toBe(OK);
      const { type } = given;
      expect({
        extended: dccp.dccpExtended(b, 20),
        sourcePort: dccp.dccpSourcePort(b, 20),
        destinationPort: dccp.dccpDestinationPort(b, 20),
        type: dccp.dccpType(b, 20),
        ccval: dccp.dccpCcval(b, 20),
        coverage: dccp.dccpCoverage(b, 20),
        sequence: dccp.dccpSequence(b, 20),
        acknowledgment: dccp.dccpHasAcknowledgment(type)
          ? dccp.dccpAcknowledgment(b, 20)
          : given.acknowledgment,
        serviceCode: type < 2 ? dccp.dccpServiceCode(b, 20) : given.serviceCode,
        resetCode: type === dccp.DCCP_RESET ? dccp.dccpResetCode(b, 20) : given.resetCode,
        options: b.slice(20 + dccp.dccpOptionsAt(b, 20), 20 + dccp.dccpHeaderLength(b, 20)),
      }).toEqual(given);
      const header = dccp.dccpHeaderLength(b, 20);
      const more = given.coverage === 0 ? payload.length : Math.min(payload.length, (given.coverage - 1) * 4);
      expect(checksum(b, 20, 20 + header + more, pseudoSum4(b, 0, 33, b.length - 20))).toBe(0);
    }),
  );
});

test.each([
  ['Request', dccp.DCCP_REQUEST, true, 20],
  ['Response', dccp.DCCP_RESPONSE, true, 28],
  ['Data, short', dccp.DCCP_DATA, false, 12],
  ['Ack, short', dccp.DCCP_ACK, false, 16],
  ['Reset', dccp.DCCP_RESET, true, 28],
])('%s has its length', (_, type, extended, length) => {
  expect(buildFrame({ dccp: { type, extended } }).length).toBe(length);
});

test.each([
  ['whole', {}, 20, OK],
  ['cut off', {}, 11, CUT],
  ['of a reserved type', { type: 10 }, 20, BAD_FORMAT],
  ['shorter than its type', { headerLength: 16 }, 20, BAD_HEADER_LENGTH],
  ['cut in its options', { headerLength: 24 }, 20, HEADER_CUT],
])('a packet %s', (_, given, end, code) => {
  expect(dccp.checkDccp(buildFrame({ dccp: given }), 0, end)).toBe(code);
});

test('options: those below 32 are one byte', () => {
  const b = fromHex('00 1f 20 03 ff 00');
  const walk = new OptionWalk();
  const seen: number[] = [];
  for (walk.startDccp(b, 0, b.length); walk.next(); ) seen.push(walk.kind);
  expect(seen).toEqual([0, 31, 32, 0]);
});

test('writers write what readers read', () => {
  const b = buildFrame({ dccp: {} });
  dccp.setDccpSourcePort(b, 0, 1);
  dccp.setDccpDestinationPort(b, 0, 2);
  dccp.setDccpChecksum(b, 0, 3);
  expect(b).toEqual(buildFrame({ dccp: { sourcePort: 1, destinationPort: 2, checksum: 3 } }));
  expect(dccp.dccpChecksum(b, 0)).toBe(3);
});

test('no look beyond the end of a header that passed the check', () => {
  let passed = 0;
  fc.assert(
    fc.property(stretch, ({ bytes, b, o, end }) => {
      bytes[o + 8] = bytes[o + 8]! % 22;
      bytes[o + 4] = 3 + (bytes[o + 4]! % 16);
      if (dccp.checkDccp(b, o, end) !== OK) return;
      passed++;
      const type = dccp.dccpType(b, o);
      dccp.dccpSequence(b, o);
      if (dccp.dccpHasAcknowledgment(type)) dccp.dccpAcknowledgment(b, o);
      if (type < 2) dccp.dccpServiceCode(b, o);
    }),
    { numRuns: 500 },
  );
  expect(passed).toBeGreaterThan(50);
});
