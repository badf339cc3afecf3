/**
 * The key of authenticated STAMP on its way to the worker: a frame of its own, sent before the
 * table whose rows name it by number, so that many series can share one.
 */

import type { FrameHeader } from "./frame.ts";
import { FRAME, HEADER_SIZE, viewOf, writeHeader } from "./frame.ts";

/** `number` from 1, as in the rows; `key` fits one frame. */
export function encodeStampKey(
  epoch: number,
  generation: number,
  number: number,
  key: Uint8Array,
): Uint8Array {
  const frame = new Uint8Array(HEADER_SIZE + key.byteLength);
  const type = FRAME.stampKey;
  writeHeader(viewOf(frame), { type, flags: 0, generation, count: 1, aux: epoch, aux2: number });
  frame.set(key, HEADER_SIZE);
  return frame;
}

/** Keys by number, of the newest epoch only. */
export class StampKeys {
  #epoch = -1;
  #keys = new Map<number, Uint8Array>();

  take(frame: Uint8Array, header: FrameHeader): void {
    if (header.aux !== this.#epoch) this.#keys = new Map();
    this.#epoch = header.aux;
    if (frame.byteLength > HEADER_SIZE) this.#keys.set(header.aux2, frame.slice(HEADER_SIZE));
  }

  of(epoch: number): ReadonlyMap<number, Uint8Array> {
    return epoch === this.#epoch ? this.#keys : new Map();
  }
}
