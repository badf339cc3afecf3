/**
 * Entry of the short-lived Worker that copies the WAL into the database file. It holds the two
 * fsyncs of a checkpoint (50 to 500 ms on eMMC), which the loop that decides failover must not.
 * Its connection is closed before it answers: an open one would outlive a set-aside file.
 */

import { constants, Database } from "bun:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { attempt } from "./fault.ts";

function checkpoint(uri: string): null {
  const flags = constants.SQLITE_OPEN_READWRITE | constants.SQLITE_OPEN_URI;
  const db = new Database(uri, flags);
  try {
    db.run("PRAGMA synchronous = NORMAL");
    db.query("PRAGMA wal_checkpoint(PASSIVE)").get();
  } finally {
    db.close();
  }
  return null;
}

parentPort?.postMessage(
  attempt("cannot checkpoint history database", () => checkpoint(String(workerData))),
);
