import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseIpv6, printIpv4, printIpv6 } from '../../wire/address.ts';
import { ANY_END, readIpv4Text, readIpv6Text } from './address-text.ts';

const bytesOf = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

function four(text: string, end = ANY_END): string {
  const into = new Uint8Array(4);
  const at = readIpv4Text(bytesOf(text), 0, text.length, end, into);
  return at < 0 ? 'none' : `${into.join('.')} up to ${at}`;
}

function six(text: string, end = ANY_END): string {
  const into = new Uint8Array(16);
  const at = readIpv6Text(bytesOf(text), 0, text.length, end, into);
  return at < 0 ? 'none' : `${printIpv6(into)} up to ${at}`;
}

describe('addresses in what helpers read', () => {
  test('IPv4: any number of zeros, no empty number, no letter that could be hexadecimal', () => {
    expect(four('192.0.2.10>')).toBe('192.0.2.10 up to 10');
    expect(four('192.0.002.0000010')).toBe('192.0.2.10 up to 17');
    expect(four('192.0.2.10:5060')).toBe('192.0.2.10 up to 10');
    expect(four('192..2.10')).toBe('none');
    expect(four('192.0.2.256')).toBe('none');
    expect(four('192.0.2')).toBe('none');
    expect(four('192.0.2.1.')).toBe('none');
    expect(four('192.0.2.10f')).toBe('none');
    expect(four('192.0.2.10g')).toBe('192.0.2.10 up to 10');
    expect(four('192.0.2.10|', 124)).toBe('192.0.2.10 up to 10');
    expect(four('192.0.2.10>', 124)).toBe('none');
  });

  test('IPv6', () => {
    expect(six('2001:db8::1]')).toBe('2001:db8::1 up to 11');
    expect(six('::')).toBe(':: up to 2');
    expect(six('::1')).toBe('::1 up to 3');
    expect(six('1:2:3:4:5:6:7:8')).toBe('1:2:3:4:5:6:7:8 up to 15');
    expect(six('1:2:3:4:5:6:7::')).toBe('1:2:3:4:5:6:7:0 up to 15');
    expect(six('::ffff:192.0.2.1')).toBe('::ffff:192.0.2.1 up to 16');
    expect(six('00001::')).toBe('1:: up to 7');
    expect(six('12345::')).toBe('none');
    expect(six('1::2::3')).toBe('none');
    expect(six('1:2:3')).toBe('none');
    expect(six('1:2:3:4:5:6:7:8:9')).toBe('none');
    expect(six(':1::')).toBe('none');
    expect(six('1:')).toBe('none');
    expect(six('')).toBe('none');
  });

  test('what is printed is read again', () => {
    fc.assert(
      fc.property(fc.integer(), fc.uint8Array({ minLength: 16, maxLength: 16 }), (address, bytes) => {
        const ipv4 = printIpv4(address | 0);
        expect(four(ipv4)).toBe(`${ipv4} up to ${ipv4.length}`);
        const ipv6 = printIpv6(bytes);
        expect(six(ipv6)).toBe(`${ipv6} up to ${ipv6.length}`);
      }),
      { seed: 1 },
    );
  });

  test('whatever is read is an address of the wire floor, too, but for long zeros', () => {
    const text = fc.string({ unit: fc.constantFrom(':', '.', '0', '1', 'a', '::', 'ff'), maxLength: 24 });
    fc.assert(
      fc.property(text, (written) => {
        const read = six(written);
        if (read === 'none' || /0{4,}[0-9a-f]/.test(written)) return;
        const end = Number(read.split(' ').at(-1));
        const known = parseIpv6(written.slice(0, end));
        if (known) expect(read).toBe(`${printIpv6(known)} up to ${end}`);
      }),
      { seed: 2, numRuns: 2000 },
    );
  });
});
