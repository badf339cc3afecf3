/**
 * A process that records and flushes rows until it is killed: `bun journal-writer.ts PATH
 * [FLUSHES]`. After each flush it says how many rows are stored, which is what a kill must not take
 * back. After the last of FLUSHES it waits for its end.
 */

import { writeSync } from "node:fs";
import { WorkerCheckpointer } from "../../agent/io/store/checkpoint.ts";
import { everything, healthRow, openJournal } from "./journals.ts";
import { DAY0, rollup } from "./rollups.ts";

const ROWS_PER_FLUSH = 20;

function main(path: string, flushes: number): void {
  const { journal, clock } = openJournal(path, { checkpointer: new WorkerCheckpointer() });
  let stored = everything(journal).rows.length;
  // Keeps the journal referenced: a collected handle closes itself and removes the WAL.
  process.stdin.on("data", () => journal.flush());
  let done = 0;
  function round(): void {
    for (let i = 0; i < ROWS_PER_FLUSH; i++) journal.recordCheck(healthRow(stored + i));
    // As many probes as checks, a bucket per flush: both stand in one transaction.
    const end = DAY0 + (stored / ROWS_PER_FLUSH + 1) * 300;
    journal.recordRollup(rollup(end, { probes: ROWS_PER_FLUSH }));
    journal.flush();
    clock.advance(0);
    if (journal.pending > 0) throw new Error(`not stored: ${JSON.stringify(journal.state)}`);
    stored += ROWS_PER_FLUSH;
    writeSync(1, `${stored}\n`);
    if (++done < flushes) setImmediate(round);
  }
  round();
}

main(process.argv[2] ?? "", Number(process.argv[3] ?? Number.POSITIVE_INFINITY));
