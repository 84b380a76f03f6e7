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

/** Bytes, an offset and an end within them. The bytes are small numbers and large ones, so that lengths often fit. */
export const stretch = fc
  .tuple(
    fc.array(fc.oneof(fc.nat(8), fc.nat(255), fc.constantFrom(0, 1, 4, 43, 44, 51, 59, 60)), {
      maxLength: 90,
    }),
    fc.nat(12),
    fc.nat(12),
  )
  .map(([list, from, less]) => {
    const bytes = Uint8Array.from(list);
    const o = Math.min(from, bytes.length);
    const end = Math.max(o, bytes.length - less);
    return { bytes, o, end, b: guarded(bytes, o, end) };
  });
