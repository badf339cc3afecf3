/** Numbers as people read them, the same on every surface; a dash for what does not exist. */

const ABSENT = "-";

export function fixed(value: number | null, digits: number, unit = ""): string {
  return value === null ? ABSENT : `${value.toFixed(digits)}${unit}`;
}

/** Decimal megabytes: 0.3, 6.2, 114. */
export function megabytes(octets: number, unit = ""): string {
  const value = octets / 1e6;
  return `${value.toFixed(value < 10 ? 1 : 0)}${unit}`;
}

/** Three significant places below 10 ms, one decimal above: 0.041, 9.87, 20.3, 312.5. */
export function milliseconds(value: number | null, unit = ""): string {
  if (value === null) return ABSENT;
  if (value < 1) return `${value.toFixed(3)}${unit}`;
  return `${value.toFixed(value < 10 ? 2 : 1)}${unit}`;
}
