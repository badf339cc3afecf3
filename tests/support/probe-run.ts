/** A probe loop run for a while, with its outcomes by name. */

import type { OutcomeKind } from "../../agent/domain/outcome.ts";
import { OUTCOME_KINDS } from "../../agent/domain/outcome.ts";
import type { TableRow } from "../../agent/wire/frame.ts";
import type { VerdictRecord } from "../../agent/wire/verdict.ts";
import { monotonicNow } from "../../agent/worker/libc.ts";
import type { ProbeLoop } from "../../agent/worker/probe-loop.ts";
import { openProbeLoop } from "../../agent/worker/probe-loop.ts";
import type { Outcome } from "../../agent/worker/tracker.ts";

export interface NamedOutcome extends Readonly<Omit<Outcome, "kind">> {
  readonly kind: OutcomeKind;
}

export class ProbeRun {
  readonly loop: ProbeLoop;
  readonly outcomes: NamedOutcome[] = [];
  readonly stalls: [number, number][] = [];
  readonly verdicts: VerdictRecord[] = [];

  constructor(rows: readonly TableRow[], seed = 1) {
    this.loop = openProbeLoop({
      rows,
      seed,
      sink: {
        record: (outcome) => {
          this.outcomes.push({ ...outcome, kind: OUTCOME_KINDS[outcome.kind] ?? "lost" });
        },
        verdict: (kind, index, sinceUs, atUs) => {
          this.verdicts.push({ kind, index, sinceUs, atUs });
        },
        stalled: (from, to) => this.stalls.push([from, to]),
      },
    });
  }

  /** Turns until `isDone` or for `ms`. */
  run(ms: number, isDone: () => boolean = () => false): this {
    const end = monotonicNow() + ms * 1_000;
    while (monotonicNow() < end && !isDone()) this.loop.turn(end - monotonicNow());
    return this;
  }

  of(series: number): NamedOutcome[] {
    return this.outcomes.filter((outcome) => outcome.series === series);
  }

  /** How many outcomes of each kind a series has, without the zeros. */
  counts(series: number): Partial<Record<OutcomeKind, number>> {
    const counts: Partial<Record<OutcomeKind, number>> = {};
    for (const { kind } of this.of(series)) counts[kind] = (counts[kind] ?? 0) + 1;
    return counts;
  }
}
