/** Lengths of time as operators write them: a whole number and one unit, such as 7d or 12h. */

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800, y: 31_536_000 } as const;

export const DURATION_FORM = "a whole number with s, m, h, d, w or y, such as 7d";

/** Seconds (a year has 365 days); null: no duration. */
export function parseDuration(text: string): number | null {
  const match = /^(\d{1,9})([smhdwy])$/.exec(text);
  const unit = match?.[2] as keyof typeof SECONDS | undefined;
  return unit === undefined ? null : Number(match?.[1]) * SECONDS[unit];
}

/** The largest unit that divides it. */
export function formatDuration(seconds: number): string {
  const units = Object.entries(SECONDS).reverse();
  const [unit, size] = units.find(([, length]) => seconds % length === 0) ?? ["s", 1];
  return `${seconds / size}${unit}`;
}
