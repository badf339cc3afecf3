/** The worker's report on the kernel's state, which may come in several frames. */

import type { FrameHeader } from "../../wire/frame.ts";
import { HEADER_SIZE } from "../../wire/frame.ts";
import type { NetState } from "../../wire/net-frames.ts";
import { readNetState } from "../../wire/net-frames.ts";

/** Some 60 MB: far beyond any box's routes. */
const PARTS_MAX = 1_024;

export class StateAssembly {
  #parts: Uint8Array[] = [];

  /** A new worker begins anew. */
  clear(): void {
    this.#parts = [];
  }

  /** The whole with the last part; null until then, and when it cannot be read. */
  take(frame: Uint8Array, { aux2 }: FrameHeader): NetState | null {
    const part = aux2 & 0xffff;
    const parts = aux2 >>> 16;
    if (part === 0) this.#parts = [];
    if (part !== this.#parts.length || parts > PARTS_MAX) return null;
    this.#parts.push(frame.slice(HEADER_SIZE));
    if (this.#parts.length < parts) return null;
    const text = Buffer.concat(this.#parts).toString("utf8");
    this.#parts = [];
    return readNetState(parsed(text));
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
