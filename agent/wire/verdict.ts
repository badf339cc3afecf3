/**
 * What the worker concluded about paths and targets: records of the verdict frame, which leaves at
 * once and behind the outcomes that led to it.
 */

import type { FrameHeader } from "./frame.ts";
import { FRAME, HEADER_SIZE, viewOf, writeHeader } from "./frame.ts";

/**
 * Verdict record, 24 octets: u32 path (series for kinds of targets), u8 kind (VERDICT),
 * 3 reserved, f64 monotonic us since when nothing was answered, f64 monotonic us of the verdict.
 */
export const VERDICT_SIZE = 24;
export const VERDICT = {
  /** A probe is overdue; the path is asked more closely. */
  suspect: 1,
  /** Enough targets replied: the suspicion was wrong. */
  cleared: 2,
  down: 3,
  up: 4,
  targetDead: 5,
  targetLive: 6,
  /** Silent on all paths that ask it while others answer: it is the target, not the paths. */
  targetSuspect: 7,
  targetCleared: 8,
} as const;

export interface VerdictRecord {
  readonly index: number;
  readonly kind: number;
  readonly sinceUs: number;
  readonly atUs: number;
}

export function encodeVerdict(
  epoch: number,
  generation: number,
  record: VerdictRecord,
): Uint8Array {
  const frame = new Uint8Array(HEADER_SIZE + VERDICT_SIZE);
  const view = viewOf(frame);
  writeHeader(view, { type: FRAME.verdict, flags: 0, generation, count: 1, aux: epoch, aux2: 0 });
  view.setUint32(HEADER_SIZE, record.index, true);
  view.setUint8(HEADER_SIZE + 4, record.kind);
  view.setFloat64(HEADER_SIZE + 8, record.sinceUs, true);
  view.setFloat64(HEADER_SIZE + 16, record.atUs, true);
  return frame;
}

/** null when the length does not fit the count. */
export function decodeVerdicts(frame: Uint8Array, header: FrameHeader): VerdictRecord[] | null {
  if (frame.byteLength !== HEADER_SIZE + header.count * VERDICT_SIZE) return null;
  const view = viewOf(frame);
  return Array.from({ length: header.count }, (_, i) => {
    const at = HEADER_SIZE + i * VERDICT_SIZE;
    return {
      index: view.getUint32(at, true),
      kind: view.getUint8(at + 4),
      sinceUs: view.getFloat64(at + 8, true),
      atUs: view.getFloat64(at + 16, true),
    };
  });
}
