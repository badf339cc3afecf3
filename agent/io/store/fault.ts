/**
 * What can go wrong with the database, as values. SQLite's result codes are folded into the few
 * kinds that differ in what the journal does next.
 */

import { SQLiteError } from "bun:sqlite";

export type StoreFaultKind =
  | "corrupt" // the file is set aside and a new one is made
  | "full" // keep the handle: the first write after space returned works without reopening
  | "busy" // keep the handle: another process has the file
  | "unsuited" // not a database of this program or release: never touched
  | "broken"; // I/O error, read-only, cannot open and the rest: close, and open again later

export interface StoreFault {
  readonly kind: StoreFaultKind;
  /** For the operator: action first, then SQLite's words and code. */
  readonly reason: string;
}

/** Primary result codes; an extended code carries its primary one in the low octet. */
const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;

export function faultKindOf(resultCode: number): StoreFaultKind {
  switch (resultCode & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "corrupt";
    case SQLITE_FULL:
      return "full";
    case SQLITE_BUSY:
      return "busy";
    default:
      return "broken";
  }
}

/** The fault behind an exception of SQLite or the file system; null: it is a bug of ours. */
export function faultOf(action: string, error: unknown): StoreFault | null {
  if (error instanceof SQLiteError) {
    const code = error.code ?? `SQLITE_${error.errno}`;
    return { kind: faultKindOf(error.errno), reason: `${action}: ${error.message} (${code})` };
  }
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    return { kind: "broken", reason: `${action}: ${error.message}` };
  }
  return null;
}

export type Attempt<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "fault"; readonly fault: StoreFault };

/** Runs one step against the disk; bugs go on as exceptions. */
export function attempt<T>(action: string, step: () => T): Attempt<T> {
  try {
    return { kind: "ok", value: step() };
  } catch (error) {
    const fault = faultOf(action, error);
    if (fault === null) throw error;
    return { kind: "fault", fault };
  }
}
