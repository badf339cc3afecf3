/**
 * The loss and delay of each direction, for the STAMP series only: reads the same outcome records
 * as the core, into one window per series. An agent without STAMP targets pays one comparison.
 */

import type { PathIndex } from "../domain/ids.ts";
import { OUTCOME, OUTCOME_FLAG } from "../domain/outcome.ts";
import type { Directions } from "../domain/path-health.ts";
import { DirectionWindow, UNCOUNTED } from "../scoring/direction.ts";
import { OUTCOME_AT, OUTCOME_SIZE, viewOf } from "../wire/frame.ts";
import type { ProbePlan } from "./probe-table.ts";

const NOTHING_KNOWN: Directions = {
  one_way_forward_ms: null,
  one_way_backward_ms: null,
  forward_loss_pct: null,
  backward_loss_pct: null,
};

export class DirectionBook {
  #windows = new Map<number, DirectionWindow>();
  #sizes = new Map<number, number>();
  #pathOf: readonly number[] = [];

  /** Every window starts anew. */
  configure({ series, layouts }: ProbePlan): void {
    this.#pathOf = series.map(({ path }) => path);
    this.#sizes = new Map(
      series.flatMap(({ path, target }, row) => {
        const size = layouts[path]?.windowProbes ?? 0;
        return target.probe.type === "stamp" && size > 0 ? [[row, size] as const] : [];
      }),
    );
    this.#windows = new Map([...this.#sizes].map(([s, size]) => [s, new DirectionWindow(size)]));
  }

  /** The targets of a path moved. */
  resetPath(path: PathIndex): void {
    for (const [series, size] of this.#sizes) {
      if (this.#pathOf[series] !== path) continue;
      this.#windows.set(series, new DirectionWindow(size));
    }
  }

  /** Outcome records, whole. */
  ingest(records: Uint8Array): void {
    if (this.#windows.size === 0) return;
    const view = viewOf(records);
    for (let at = 0; at + OUTCOME_SIZE <= records.byteLength; at += OUTCOME_SIZE) {
      const window = this.#windows.get(view.getUint32(at + OUTCOME_AT.series, true));
      if (window !== undefined) takeRecord(window, view, at);
    }
  }

  of(series: number): Directions {
    return this.#windows.get(series)?.read() ?? NOTHING_KNOWN;
  }
}

/** One outcome record of the window's series. */
export function takeRecord(window: DirectionWindow, view: DataView, at: number): void {
  const kind = view.getUint8(at + OUTCOME_AT.kind);
  const flags = view.getUint8(at + OUTCOME_AT.flags);
  const seq = view.getUint32(at + OUTCOME_AT.seq, true);
  if (kind === OUTCOME.unsent) window.unsent(seq);
  else if (kind === OUTCOME.duplicate) window.duplicated(seq);
  else if (kind !== OUTCOME.replied && kind !== OUTCOME.late) window.passed(seq);
  else {
    const isCounted = (flags & OUTCOME_FLAG.counted) !== 0;
    const hasOneWay = (flags & OUTCOME_FLAG.oneWay) !== 0;
    window.replied({
      seq,
      counter: isCounted ? view.getUint16(at + OUTCOME_AT.code, true) : UNCOUNTED,
      forwardUs: hasOneWay ? view.getInt32(at + OUTCOME_AT.forwardUs, true) : Number.NaN,
      rttUs: view.getFloat64(at + OUTCOME_AT.rttUs, true),
    });
  }
}
