/** Probes out of turn that the controller asks for: is a path still there, is it well? */

import type { PathIndex } from "../domain/ids.ts";
import type { Micros } from "../domain/units.ts";
import { micros } from "../domain/units.ts";
import type { FrameHeader } from "./frame.ts";
import { FRAME, HEADER_SIZE, viewOf, writeHeader } from "./frame.ts";

/** Burst record, 16 octets: u32 path, u16 probes, u8 1: counted in the score, 1 free, f64 us. */
export const BURST_SIZE = 16;
/** So many probes of one burst at most, and no closer than this: the worker's own bound. */
export const BURST_PROBES_MAX = 64;
export const BURST_PACE_MIN_US = 10_000;

export interface Burst {
  readonly path: PathIndex;
  /** To each target, 1..BURST_PROBES_MAX. */
  readonly probes: number;
  /** Between two of them. */
  readonly pace: Micros;
  /** They enter the window as scheduled ones do; else they tell of life only. */
  readonly isCounted: boolean;
}

export function encodeBurst(epoch: number, generation: number, burst: Burst): Uint8Array {
  const frame = new Uint8Array(HEADER_SIZE + BURST_SIZE);
  const view = viewOf(frame);
  writeHeader(view, { type: FRAME.burst, flags: 0, generation, count: 1, aux: epoch, aux2: 0 });
  view.setUint32(HEADER_SIZE, burst.path, true);
  view.setUint16(HEADER_SIZE + 4, burst.probes, true);
  view.setUint8(HEADER_SIZE + 6, Number(burst.isCounted));
  view.setFloat64(HEADER_SIZE + 8, burst.pace, true);
  return frame;
}

/** null: of another length, or out of bounds. */
export function decodeBurst(frame: Uint8Array, header: FrameHeader): Burst | null {
  if (header.count !== 1 || frame.byteLength !== HEADER_SIZE + BURST_SIZE) return null;
  const view = viewOf(frame);
  const probes = view.getUint16(HEADER_SIZE + 4, true);
  const paceUs = view.getFloat64(HEADER_SIZE + 8, true);
  if (probes < 1 || probes > BURST_PROBES_MAX || !(paceUs >= BURST_PACE_MIN_US)) return null;
  return {
    path: view.getUint32(HEADER_SIZE, true) as PathIndex,
    probes,
    pace: micros(paceUs),
    isCounted: view.getUint8(HEADER_SIZE + 6) === 1,
  };
}
