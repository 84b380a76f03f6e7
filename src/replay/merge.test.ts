import fc from 'fast-check';
import { expect, it } from 'vitest';
import { mergeByTime, type Timed } from './merge.ts';

interface One extends Timed {
  readonly from: number;
}

async function* batches(records: readonly One[], size: number): AsyncGenerator<readonly One[]> {
  for (let at = 0; at < records.length; at += size) yield records.slice(at, at + size);
  yield [];
}

async function merged(sources: readonly (readonly One[])[], size: number): Promise<One[]> {
  const out: One[] = [];
  const open = sources.map((records) => batches(records, size));
  for await (const batch of mergeByTime(open, (one) => one)) out.push(...batch);
  return out;
}

const time = fc.record({ seconds: fc.nat(3), nanoseconds: fc.nat(3) });
const value = ({ seconds, nanoseconds }: Timed): number => seconds * 1000 + nanoseconds;

it('merges sorted sources into one, equal times in the order of the sources', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(time), { maxLength: 4 }),
      fc.integer({ min: 1, max: 5 }),
      async (lists, size) => {
        const sources = lists.map((list, from) =>
          [...list].sort((a, b) => value(a) - value(b)).map((one) => ({ ...one, from })),
        );
        const expected = sources.flat().sort((a, b) => value(a) - value(b) || a.from - b.from);
        expect(await merged(sources, size)).toEqual(expected);
      },
    ),
  );
});

it('keeps the order of a source whose times go back', async () => {
  const at = (seconds: number, from: number): One => ({ seconds, nanoseconds: 0, from });
  const out = await merged([[at(5, 0), at(1, 0)], [at(3, 1)]], 1);
  expect(out).toEqual([at(3, 1), at(5, 0), at(1, 0)]);
});

it('asks a source for more only when its last piece is used up', async () => {
  let asked = 0;
  async function* counted(): AsyncGenerator<readonly One[]> {
    for (let seconds = 0; seconds < 3; seconds++) {
      asked++;
      yield [{ seconds, nanoseconds: 0, from: 0 }];
    }
  }
  for await (const _batch of mergeByTime(
    [counted(), batches([{ seconds: 0, nanoseconds: 0, from: 1 }], 1)],
    (one) => one,
  )) {
    break;
  }
  expect(asked).toBe(1);
});
