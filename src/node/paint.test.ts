import { describe, expect, it } from 'vitest';
import { paint, readColorChoice, wantsColor } from './paint.ts';

describe('colours', () => {
  const lines = [
    [
      { text: 'dropped', style: 'dropped' as const },
      { text: ' here', style: 'plain' as const },
    ],
  ];

  it('are left out where nobody wants them', () => {
    expect(paint(lines, false)).toBe('dropped here\n');
  });

  it("are a terminal's, and end with their piece", () => {
    expect(paint(lines, true)).toBe('\u001b[31m\u001b[1mdropped\u001b[22m\u001b[39m here\n');
  });

  it('are chosen', () => {
    expect(wantsColor(readColorChoice('always'))).toBe(true);
    expect(wantsColor(readColorChoice('never'))).toBe(false);
    expect(() => readColorChoice('yes')).toThrow('--color yes: must be auto, always or never');
  });
});
