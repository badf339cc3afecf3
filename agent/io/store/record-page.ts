/** One page of records: what is on disk and what waits behind it, as one list in order of ids. */

import type { AuditQuery, EventQuery, RecordPage } from "../../controller/failover/ports.ts";

/** A page stays below a megabyte of JSON. */
export const RECORD_LIMIT_MAX = 1_000;

/**
 * `tail`: what waits and is wanted, oldest first; its ids are above all stored ones. `select` reads
 * at most so many stored ones in the order asked for.
 */
export function pageOf<T extends { readonly id: number }>(
  { limit, order }: EventQuery | AuditQuery,
  tail: readonly T[],
  select: (rows: number) => readonly T[],
): RecordPage<T> {
  const count = Math.min(Math.max(1, Math.floor(limit) || 1), RECORD_LIMIT_MAX);
  const first = order === "newest-first" ? tail.toReversed() : [];
  const wanted = count + 1 - first.length;
  const stored = wanted > 0 ? select(wanted) : [];
  const last = order === "newest-first" ? [] : tail;
  const all = [...first, ...stored, ...last];
  const records = all.slice(0, count);
  return { records, next: all.length > count ? (records.at(-1)?.id ?? null) : null };
}
