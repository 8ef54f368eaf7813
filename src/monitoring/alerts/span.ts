const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const LONGEST_MS = 400 * UNITS.d;

/** A length of time as people write it, `90s`, `15m`, `12h` or `7d`, in milliseconds; an Error that ends a sentence. */
export function parseSpan(text: string): number {
  const [, digits, unit] = /^(\d{1,6})\s*([smhd])$/.exec(text.trim()) ?? [];
  if (digits === undefined) throw new Error('is a time like "90s", "15m", "12h" or "7d"');
  const ms = Number(digits) * UNITS[unit as keyof typeof UNITS];
  if (ms > LONGEST_MS) throw new Error('is at most 400d');
  return ms;
}

/** The same back as text, in the largest unit that leaves a whole number. */
export function spanText(ms: number): string {
  const [unit, size] = Object.entries(UNITS)
    .reverse()
    .find(([, length]) => ms >= length && ms % length === 0) ?? ['s', UNITS.s];
  return `${Math.round(ms / size)}${unit}`;
}
