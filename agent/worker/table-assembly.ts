/** Collects the numbered parts of a probe table; a table is applied only when it is complete. */

import type { FrameHeader, TableRow } from "../wire/frame.ts";
import { decodeTable } from "../wire/frame.ts";

export interface ProbeTable {
  readonly epoch: number;
  readonly rows: readonly TableRow[];
}

export class TableAssembly {
  #epoch = -1;
  #parts = new Map<number, readonly TableRow[]>();

  /** The table, when this part completes it; parts of another epoch start over. */
  take(frame: Uint8Array, header: FrameHeader): ProbeTable | null {
    const rows = decodeTable(frame, header);
    const part = header.aux2 & 0xffff;
    const parts = header.aux2 >>> 16;
    if (rows === null || part >= parts) return null;
    if (header.aux !== this.#epoch) {
      this.#epoch = header.aux;
      this.#parts = new Map();
    }
    this.#parts.set(part, rows);
    if (this.#parts.size < parts) return null;
    const ordered = Array.from({ length: parts }, (_, i) => this.#parts.get(i) ?? []);
    this.#parts = new Map();
    return { epoch: header.aux, rows: ordered.flat() };
  }
}
