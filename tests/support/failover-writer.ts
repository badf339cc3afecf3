/**
 * A process that records switches until it is killed: `bun failover-writer.ts PATH`. It says each
 * order behind the record of its outcome and its state, which is what a kill must not take back.
 */

import { writeSync } from "node:fs";
import { instant } from "../../agent/domain/units.ts";
import { completed, EVERY_EVENT, openBook, persistedState, triggered } from "./failover-books.ts";

function main(path: string): void {
  const open = openBook(path);
  const newest = open.book.events({ ...EVERY_EVENT, order: "newest-first", limit: 1 }).records[0];
  let order = newest?.order ?? 0;
  function round(): void {
    order++;
    open.record(triggered(order));
    open.record(completed(order));
    open.book.saveState(persistedState(order), instant(order));
    if (open.book.state.pending > 0) throw new Error(JSON.stringify(open.book.state));
    writeSync(1, `${order}\n`);
    setImmediate(round);
  }
  round();
}

main(process.argv[2] ?? "");
