/**
 * Entry of the short-lived Worker that does what would hold up the loop that decides failover:
 * the two fsyncs of a checkpoint (50 to 500 ms on eMMC), a copy of the whole database, or a smaller
 * file. Its connection is closed before it answers: an open one would outlive a set-aside file.
 */

import { constants, Database } from "bun:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import type { StoreJob } from "./checkpoint.ts";
import { attempt } from "./fault.ts";
import { rewriteRows } from "./rewrite-rows.ts";

function perform(job: StoreJob): null {
  if (job.kind === "rewrite") {
    rewriteRows(job);
    return null;
  }
  const flags = constants.SQLITE_OPEN_READWRITE | constants.SQLITE_OPEN_URI;
  const db = new Database(job.uri, flags);
  try {
    db.run("PRAGMA synchronous = NORMAL");
    if (job.kind === "checkpoint") db.query("PRAGMA wal_checkpoint(PASSIVE)").get();
    else db.query("VACUUM INTO ?").run(job.copyTo);
  } finally {
    db.close();
  }
  return null;
}

// The same program made the job: the shape is checkpoint.ts's.
const job = workerData as StoreJob;
parentPort?.postMessage(attempt(`cannot ${job.kind} history database`, () => perform(job)));
