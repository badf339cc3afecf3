/**
 * Entry of the short-lived Worker that does what would hold up the loop that decides failover:
 * the two fsyncs of a checkpoint (50 to 500 ms on eMMC), a copy of the whole database, a smaller
 * file, deletes on cold pages. Its connection is closed before it answers: an open one would
 * outlive a set-aside file.
 */

import { constants, Database } from "bun:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import type { StoreAnswer, StoreJob } from "./checkpoint.ts";
import type { Attempt } from "./fault.ts";
import { attempt } from "./fault.ts";
import { retain } from "./retain.ts";
import type { Anchors } from "./retention.ts";
import type { RewriteJob } from "./rewrite.ts";
import { swapIn } from "./rewrite.ts";
import { Rewrite } from "./rewrite-rows.ts";

function perform(job: Exclude<StoreJob, { kind: "rewrite" }>): Anchors | null {
  if (job.kind === "retain") return retain(job);
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

function answer(message: StoreAnswer): void {
  parentPort?.postMessage(message);
}

/** The last to close a database pays for its fsyncs: that is to be this thread. */
async function rewriteAlone(job: RewriteJob): Promise<Attempt<null>> {
  const opened = attempt("cannot open history database", () => Rewrite.open(job));
  if (opened.kind === "fault") return opened;
  const isClosed = new Promise((resolve) => parentPort?.once("message", resolve));
  answer({ kind: "opened" });
  await isClosed;
  const made = attempt("cannot rewrite history database", () => opened.value.run());
  return made.kind === "ok" ? swapIn(job) : made;
}

// The same program made the job: the shape is checkpoint.ts's.
const job = workerData as StoreJob;
if (job.kind === "rewrite") answer({ kind: "end", end: await rewriteAlone(job) });
else
  answer({ kind: "end", end: attempt(`cannot ${job.kind} history database`, () => perform(job)) });
parentPort?.close();
