/**
 * One probe per path that stands for its histogram: the last one that was answered since somebody
 * asked. While nobody asks nothing is looked at.
 */

import { OUTCOME } from "../../domain/outcome.ts";
import { OUTCOME_AT, OUTCOME_SIZE } from "../../wire/frame.ts";
import type { Clock } from "../ports.ts";

export interface Sample {
  readonly series: number;
  readonly seconds: number;
  readonly unixSeconds: number;
}

/** After the last question it is looked at for so many batches: some minutes of a calm box. */
const BATCHES = 4_096;
const US_PER_S = 1_000_000;

export class ExemplarBook {
  readonly #clock: Pick<Clock, "wall">;
  readonly #pathOf: (series: number) => number | null;
  readonly #samples = new Map<number, Sample>();
  #left = 0;

  constructor(clock: Pick<Clock, "wall">, pathOf: (series: number) => number | null) {
    this.#clock = clock;
    this.#pathOf = pathOf;
  }

  /** Outcome records of one frame. */
  ingested(records: Uint8Array): void {
    if (this.#left === 0) return;
    this.#left--;
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
    const unixSeconds = this.#clock.wall() / 1_000;
    for (let at = 0; at + OUTCOME_SIZE <= records.byteLength; at += OUTCOME_SIZE) {
      if (view.getUint8(at + OUTCOME_AT.kind) !== OUTCOME.replied) continue;
      const series = view.getUint32(at, true);
      const seconds = view.getFloat64(at + OUTCOME_AT.rttUs, true) / US_PER_S;
      const path = this.#pathOf(series);
      if (path !== null && seconds > 0) this.#samples.set(path, { series, seconds, unixSeconds });
    }
  }

  /** Taken once; null: none since then. */
  take(path: number): Sample | null {
    this.#left = BATCHES;
    const sample = this.#samples.get(path) ?? null;
    this.#samples.delete(path);
    return sample;
  }

  /** Another table: what was seen was of other paths. */
  clear(): void {
    this.#samples.clear();
  }
}
