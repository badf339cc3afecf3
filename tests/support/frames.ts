/** Frames as a worker would send them. */

import { OUTCOME } from "../../agent/domain/outcome.ts";
import {
  FRAME,
  HEADER_SIZE,
  OUTCOME_SIZE,
  viewOf,
  writeHeader,
  writeOutcome as writeRecord,
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
  const blank = { seq: 0, rttUs: 0, flags: 0, code: 0 };
  writeRecord(view, at, { ...blank, ...outcome, kind: OUTCOME[outcome.kind] });
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
