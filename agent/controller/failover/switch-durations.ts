/** How long switches took, as a histogram that only grows. */

import type { Micros } from "../../domain/units.ts";
import { US_PER_S } from "../../domain/units.ts";
import type { SwitchDurations } from "../../io/http/failover-view.ts";

/** Seconds. The bar of a switch is 1 ms. */
const BOUNDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1];

export class SwitchClock {
  readonly #counts = BOUNDS.map(() => 0);
  #count = 0;
  #sum = 0;

  note(duration: Micros): void {
    const seconds = duration / US_PER_S;
    this.#count++;
    this.#sum += seconds;
    for (const [i, bound] of BOUNDS.entries()) {
      if (seconds <= bound) this.#counts[i] = (this.#counts[i] ?? 0) + 1;
    }
  }

  read(): SwitchDurations {
    return { bounds: BOUNDS, counts: this.#counts, count: this.#count, sum: this.#sum };
  }
}
