import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { FieldProblem } from '../formats/fields.ts';
import { readHostDescription } from '../formats/host-description.ts';
import { placed, readDocument } from './document.ts';
import { UserProblem } from './problem.ts';

const directory = mkdtempSync(join(tmpdir(), 'fivehooks-document-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** What reading a host from a file of this text says, without the folder. */
async function problemOf(name: string, text: string): Promise<string> {
  const file = join(directory, name);
  writeFileSync(file, text);
  try {
    const document = await readDocument(file);
    try {
      readHostDescription(document.value);
    } catch (error) {
      if (error instanceof FieldProblem) throw placed(document, error);
      throw error;
    }
  } catch (error) {
    if (error instanceof UserProblem) return error.message.replaceAll(`${directory}/`, '');
    throw error;
  }
  throw new Error('was read');
}

const YAML = `interfaces:
  - name: lan0
    mac: "02:00:00:00:00:01"
    mtu: 1500
    addresses: [192.0.2.1/24]
neighbors:
  - { dev: lan0, ip: 192.0.2.9, mac: "02:00:00:00:00:09" }
services: |
  ssh 22/tcp

  web 80/tcp
`;

test.each([
  [
    'mtu: 1500',
    'mtu: 90000',
    'host.yaml:4:10: interfaces[0].mtu: must be a whole number from 68 to 65535, is 90000',
  ],
  ['mtu', 'mtuu', "host.yaml:4:5: interfaces[0].mtuu: an interface has no such field; is it 'mtu'?"],
  [
    'dev: lan0',
    'dev: lan1',
    "host.yaml:7:12: neighbors[0].dev: there is no interface 'lan1'; the host has lan0",
  ],
  ['80/tcp', '70000/tcp', "host.yaml:11:1: services: line 3: 'web 70000/tcp': 70000 is larger than 65535"],
  ['addresses: [', 'addresses: {', 'host.yaml:5:29: not YAML: Flow map'],
  ['  - name', ' - [name', 'host.yaml:2:'],
])('YAML with %s for %s', async (before, after, message) => {
  expect(await problemOf('host.yaml', YAML.replace(before, after))).toContain(message);
});

test('aliases that grow without bound are refused', async () => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
    .split('')
    .map((key, i) => `${key}: &${key} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(',')}]\n`)
    .join('')}`;
  expect(await problemOf('bomb.yaml', bomb)).toMatch(/^bomb.yaml: not YAML: Excessive alias count/);
});

test.each([
  ['{"interfaces": [{"name": "lan0",\n "mac": "x"}]}', 'host.json:2:9: interfaces[0].mac: '],
  ['{"interfaces": [{"name": "lan0",\n "mak": "x"}]}', 'host.json:2:2: interfaces[0].mak: '],
  ['{"interfaces": [}', "host.json:1:17: not JSON: expected a value, found '}'"],
  ['[]', 'host.json:1:1: must be a host (an object of fields), is a list'],
])('JSON: %s', async (text, message) => {
  expect(await problemOf('host.json', text)).toContain(message);
});

test('a file that is not there', async () => {
  await expect(readDocument(join(directory, 'none.yaml'))).rejects.toThrow(
    'none.yaml: cannot be read: no such file',
  );
});
