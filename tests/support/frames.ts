/** Frames as a worker would send them. */

import { OUTCOME } from "../../agent/domain/outcome.ts";
import {
  FRAME,
  HEADER_SIZE,
  OUTCOME_AT,
  OUTCOME_SIZE,
  viewOf,
  writeHeader,
} from "../../agent/wire/frame.ts";

export interface OutcomeSpec {
  readonly series: number;
  readonly kind: keyof typeof OUTCOME;
  readonly seq?: number;
  readonly rttUs?: number;
  readonly sentUs: number;
  readonly flags?: number;
  readonly code?: number;
}

export function writeOutcome(view: DataView, at: number, outcome: OutcomeSpec): void {
  view.setUint32(at + OUTCOME_AT.series, outcome.series, true);
  view.setUint8(at + OUTCOME_AT.kind, OUTCOME[outcome.kind]);
  view.setUint8(at + OUTCOME_AT.flags, outcome.flags ?? 0);
  view.setUint16(at + OUTCOME_AT.code, outcome.code ?? 0, true);
  view.setUint32(at + OUTCOME_AT.seq, outcome.seq ?? 0, true);
  view.setFloat64(at + OUTCOME_AT.rttUs, outcome.rttUs ?? 0, true);
  view.setFloat64(at + OUTCOME_AT.sentUs, outcome.sentUs, true);
}

export function outcomeFrame(
  origin: { readonly generation: number; readonly epoch: number },
  outcomes: readonly OutcomeSpec[],
): Uint8Array {
  const frame = new Uint8Array(HEADER_SIZE + outcomes.length * OUTCOME_SIZE);
  const view = viewOf(frame);
  writeHeader(view, {
    type: FRAME.outcomes,
    flags: 0,
    generation: origin.generation,
    count: outcomes.length,
    aux: origin.epoch,
    aux2: 0,
  });
  for (const [i, outcome] of outcomes.entries()) {
    writeOutcome(view, HEADER_SIZE + i * OUTCOME_SIZE, outcome);
  }
  return frame;
}
