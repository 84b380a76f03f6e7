/** Draws how connections spread over targets: stacked shares of every hundred new connections, with what happened. */

interface Shares {
  readonly at: number;
  readonly counts: readonly number[];
}

const LEFT = 56;
const TOP = 56;
const WIDTH = 680;
const HEIGHT = 240;
const COLOURS = ['#4477aa', '#ee6677', '#228833'];

/** An SVG. */
export function sharesPicture(
  shares: readonly Shares[],
  events: readonly { at: number; what: string }[],
): string {
  const last = shares.at(-1)?.at ?? 1;
  const step = WIDTH / shares.length;
  const x = (at: number) => LEFT + (WIDTH * at) / last;
  const parts: string[] = [];
  shares.forEach(({ counts }, i) => {
    const total = counts.reduce((sum, count) => sum + count, 0) || 1;
    let bottom = TOP + HEIGHT;
    counts.forEach((count, target) => {
      if (count === 0) return;
      const height = (HEIGHT * count) / total;
      bottom -= height;
      const place = `x="${round(LEFT + i * step)}" y="${round(bottom)}" width="${round(step - 1)}"`;
      parts.push(`<rect ${place} height="${round(height)}" fill="${COLOURS[target]}"/>`);
    });
  });
  for (const share of [0, 25, 50, 75, 100]) {
    const y = round(TOP + HEIGHT * (1 - share / 100));
    parts.push(`<text x="${LEFT - 8}" y="${y + 4}" text-anchor="end">${share} %</text>`);
  }
  for (let at = 0; at <= last; at += 1000) {
    parts.push(`<text x="${round(x(at))}" y="${TOP + HEIGHT + 20}" text-anchor="middle">${at}</text>`);
  }
  for (const { at, what } of events) {
    const place = round(x(at));
    parts.push(`<path d="M${place} ${TOP - 6}V${TOP + HEIGHT}" stroke="#222" stroke-dasharray="4 3"/>`);
    parts.push(`<text x="${place}" y="${TOP - 12}" text-anchor="middle">${what}</text>`);
  }
  COLOURS.forEach((colour, target) => {
    const at = LEFT + 130 * target;
    const y = TOP + HEIGHT + 36;
    parts.push(`<rect x="${at}" y="${y}" width="12" height="12" fill="${colour}"/>`);
    parts.push(`<text x="${at + 18}" y="${y + 11}">10.0.0.${target + 1}:8080</text>`);
  });
  const height = TOP + HEIGHT + 64;
  const width = LEFT + WIDTH + 40;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    '<title>Where new connections go</title>',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${LEFT}" y="20" font-size="14">Where new connections go (weighted round robin); no established one moves</text>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
