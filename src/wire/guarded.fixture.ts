import fc from 'fast-check';

/** The bytes, but whoever reads one outside `from` to `to` fails. */
export function guarded(bytes: Uint8Array, from: number, to: number): Uint8Array {
  return new Proxy(bytes, {
    get(target, key) {
      const index = typeof key === 'string' ? Number(key) : Number.NaN;
      if (Number.isNaN(index)) throw new Error(`asked for ${String(key)}`);
      if (index < from || index >= to) throw new Error(`read byte ${index}, outside ${from} to ${to}`);
      return target[index];
    },
  });
}

/**
 * Bytes, an offset and an end within them, 0 to 100 apart. Small numbers are many, so that lengths often fit, and so are
 * the numbers of extension headers. `b` is guarded; `bytes` may be written.
 */
export const stretch = fc
  .record({
    list: fc.array(fc.oneof(fc.nat(8), fc.nat(255), fc.constantFrom(0, 0, 1, 4, 43, 44, 51, 59, 60, 135)), {
      minLength: 115,
      maxLength: 115,
      size: 'max',
    }),
    o: fc.nat(10),
    // Often plenty; each length within 100 comes, too.
    length: fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 40, max: 100 })),
  })
  .map(({ list, o, length }) => {
    const bytes = Uint8Array.from(list);
    return { bytes, o, end: o + length, b: guarded(bytes, o, o + length) };
  });
