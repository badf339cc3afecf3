/** The table `state`: a few named values that must change together with what they speak of. */

import type { Database } from "bun:sqlite";

export function readState(db: Database, name: string): string | null {
  const sql = "SELECT value FROM state WHERE name = ?";
  return db.query<{ value: string }, [string]>(sql).get(name)?.value ?? null;
}

export function writeState(db: Database, name: string, value: string): void {
  db.query("INSERT OR REPLACE INTO state (name, value) VALUES (?, ?)").run(name, value);
}
