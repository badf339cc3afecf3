/** A row of numbers as a row of small bars; what does not exist is a gap. */

const BARS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;

export interface SparkScale {
  readonly min: number;
  readonly max: number;
}

/** Without a scale the lowest value is the lowest bar. Equal values are lowest bars. */
export function sparkline(values: readonly (number | null)[], scale = scaleOf(values)): string {
  const span = scale.max - scale.min;
  return values
    .map((value) => {
      if (value === null) return " ";
      const share = span > 0 ? (value - scale.min) / span : 0;
      const step = Math.floor(Math.min(1, Math.max(0, share)) * BARS.length);
      return BARS[Math.min(step, BARS.length - 1)];
    })
    .join("");
}

/** From the smallest to the largest. */
export function scaleOf(values: readonly (number | null)[]): SparkScale {
  const known = values.filter((value) => value !== null);
  return { min: Math.min(...known), max: Math.max(...known) };
}

/** As many values as fit, each the worst of its neighbours: a spike must not vanish. */
export function squeeze(
  values: readonly (number | null)[],
  width: number,
  worst: (a: number, b: number) => number = Math.max,
): (number | null)[] {
  const count = Math.ceil(values.length / Math.max(1, width));
  return Array.from({ length: Math.ceil(values.length / Math.max(1, count)) }, (_, i) => {
    const known = values.slice(i * count, (i + 1) * count).filter((value) => value !== null);
    return known.length === 0 ? null : known.reduce((a, b) => worst(a, b));
  });
}
