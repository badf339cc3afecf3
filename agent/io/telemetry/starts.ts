/**
 * Start times of cumulative points. A series that counts less than before was begun anew (its path
 * lost a target, or was removed and came back): its start moves to the previous collection, which
 * tells a receiver that this is no negative rate.
 */

import type { Attributes, HrTime } from "@opentelemetry/api";
import type { DataPoint } from "@opentelemetry/sdk-metrics";
import type { UnixMillis } from "../../domain/units.ts";

interface Counted {
  readonly start: UnixMillis;
  readonly count: number;
}

export class Starts {
  #before = new Map<string, Counted>();
  #now = new Map<string, Counted>();
  #previous: UnixMillis | null = null;
  #start: HrTime = [0, 0];
  #end: HrTime = [0, 0];
  #times: { readonly start: UnixMillis; readonly wall: UnixMillis } | null = null;

  begin(times: { readonly start: UnixMillis; readonly wall: UnixMillis }): void {
    this.#times = times;
    this.#now = new Map();
    this.#start = timeOf(times.start);
    this.#end = timeOf(times.wall);
  }

  /** `counter`: null for a gauge. */
  point<T>(
    attributes: Attributes,
    value: T,
    counter: { readonly key: string; readonly count: number } | null,
  ): DataPoint<T> {
    const startTime = counter === null ? this.#start : this.#startOf(counter);
    return { startTime, endTime: this.#end, attributes, value };
  }

  end(): void {
    this.#before = this.#now;
    this.#previous = this.#times?.wall ?? null;
  }

  #startOf({ key, count }: { readonly key: string; readonly count: number }): HrTime {
    const known = this.#before.get(key);
    const first = this.#times?.start ?? (0 as UnixMillis);
    let start = known?.start ?? this.#previous ?? first;
    if (known !== undefined && count < known.count) start = this.#previous ?? first;
    this.#now.set(key, { start, count });
    return timeOf(start);
  }
}

function timeOf(ms: UnixMillis): HrTime {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1_000_000)];
}
