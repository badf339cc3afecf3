/**
 * Pages through the rows of a path, stored ones and the unwritten tail as one list in the order
 * (timestamp, health_id). A cursor is the id of the last row of a page, and every row has its id
 * from the moment it was recorded, so neither a flush between two pages nor a clock that stepped
 * back repeats or skips a row. When the cursor's row was deleted meanwhile, ids decide: deletion
 * takes the oldest first. Only a start without disk can renumber unwritten rows, once, when the
 * file is opened at last.
 */

import type { Database } from "bun:sqlite";
import type { HistoryPage, HistoryQuery } from "../../controller/ports.ts";
import type { RowSpan } from "./health-rows.ts";
import { selectRows, timestampOf } from "./health-rows.ts";
import type { NumberedRow, PendingRows } from "./pending-rows.ts";

/** A week of minutes is 10,080 rows; a page stays below 2 MB of JSON. */
export const PAGE_ROWS_MAX = 10_000;

/** `from` and `to` belong to the span. `db` null: the tail alone. Throws what SQLite throws. */
export function readHistory(
  db: Database | null,
  pending: PendingRows,
  query: HistoryQuery,
): HistoryPage {
  const limit = Math.min(Math.max(1, Math.floor(query.limit) || 1), PAGE_ROWS_MAX);
  const span = spanOf(db, pending, query);
  const stored = db === null ? [] : selectRows(db, span, limit + 1);
  const tail = [...pending.oldest(pending.size)].filter((entry) => isInside(entry, span));
  const rows = tail.length === 0 ? stored : [...stored, ...tail].sort(byTime);
  const page = rows.slice(0, limit);
  return {
    rows: page.map(({ id, row }) => ({
      ...row,
      health_id: pending.find(id) === null ? id : null,
    })),
    next_cursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null,
  };
}

function spanOf(db: Database | null, pending: PendingRows, query: HistoryQuery): RowSpan {
  const { path, from, to, cursor } = query;
  const start = { path, to, afterTimestamp: from - 1, afterId: Number.MAX_SAFE_INTEGER };
  if (cursor === null) return { ...start, idsAbove: 0 };
  const at = pending.find(cursor)?.timestamp ?? (db === null ? null : timestampOf(db, cursor));
  if (at === null) return { ...start, idsAbove: cursor };
  if (at < from) return { ...start, idsAbove: 0 };
  return { path, to, afterTimestamp: at, afterId: cursor, idsAbove: 0 };
}

function isInside({ id, row }: NumberedRow, span: RowSpan): boolean {
  if (row.path_id !== span.path || row.timestamp > span.to || id <= span.idsAbove) return false;
  if (row.timestamp !== span.afterTimestamp) return row.timestamp > span.afterTimestamp;
  return id > span.afterId;
}

function byTime(a: NumberedRow, b: NumberedRow): number {
  return a.row.timestamp - b.row.timestamp || a.id - b.id;
}
