/** The Retry-After header of RFC 9110 10.2.3. */

/**
 * The value of a Retry-After header in ms from `nowMs`: seconds or an HTTP date. null: neither.
 * The date is read by our own wall clock, which may be wrong: the caller clamps.
 */
export function parseRetryAfter(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  const text = value.trim();
  if (/^\d{1,10}$/.test(text)) return Number(text) * 1_000;
  // Date.parse would take "1" or "-5" for a year.
  if (!/^[A-Za-z]{3,9},? /.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}
