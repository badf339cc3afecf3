/**
 * The sockets of the current table, one per distinct spec. Sockets that the next table still needs
 * stay open with their ids; tokens keep replies to forgotten probes out.
 */

import type { TableRow } from "../../wire/frame.ts";
import { SocketGroup } from "./socket-group.ts";
import type { SocketSpec } from "./spec.ts";
import { specKey, specOf } from "./spec.ts";

export class SocketPool {
  readonly #randomWord: () => number;
  #byKey = new Map<string, SocketGroup>();
  groups: readonly SocketGroup[] = [];
  /** Index into `groups` per series. */
  groupOf = new Int32Array(0);
  /** Grows whenever a socket opened, closed, failed or lost its stamps. */
  changes = 0;

  constructor(randomWord: () => number) {
    this.#randomWord = randomWord;
  }

  /** Sockets are opened at their first send, or by `openAll`. */
  lay(rows: readonly TableRow[]): void {
    const kept = new Map<string, SocketGroup>();
    const indexOf = new Map<string, number>();
    const groups: SocketGroup[] = [];
    this.groupOf = Int32Array.from(rows, (row) => {
      const spec = specOf(row);
      const key = specKey(spec);
      const known = indexOf.get(key);
      if (known !== undefined) return known;
      const group = this.#byKey.get(key) ?? this.#newGroup(spec);
      kept.set(key, group);
      indexOf.set(key, groups.length);
      return groups.push(group) - 1;
    });
    for (const [key, group] of this.#byKey) if (!kept.has(key)) group.close();
    this.#byKey = kept;
    this.groups = groups;
  }

  /**
   * Tries every socket that some series needs, so that problems are known before the first send.
   */
  openAll(rows: readonly TableRow[], nowUs: number): void {
    for (const [series, row] of rows.entries()) {
      if (row.type !== 0) this.groups[this.groupOf[series] ?? 0]?.ensureOpen(nowUs);
    }
  }

  close(): void {
    for (const group of this.groups) group.close();
    this.groups = [];
    this.#byKey = new Map();
  }

  #newGroup(spec: SocketSpec): SocketGroup {
    return new SocketGroup(spec, this.#randomWord, () => {
      this.changes++;
    });
  }
}
