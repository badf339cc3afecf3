/**
 * What the route is turned into while nothing passes anywhere: held, refused, or left to the
 * system, as the policy says. Put up once, taken away as soon as anything passes.
 */

import type { PolicyConfig } from "../../domain/config.ts";
import type { PathId } from "../../domain/ids.ts";
import type { RouteFamily } from "./input.ts";
import type { Turn } from "./turn.ts";

export interface Place {
  readonly policy: PolicyConfig;
  readonly family: RouteFamily;
  /** Where traffic goes, or would. */
  readonly path: PathId | null;
}

export class Barrier {
  #isUp = false;

  get isUp(): boolean {
    return this.#isUp;
  }

  raise(place: Place, turn: Turn): void {
    if (this.#isUp) return;
    this.#isUp = true;
    tell("begun", place, turn);
  }

  lift(place: Place, turn: Turn): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    tell("ended", place, turn);
  }

  /** As an earlier life or the kernel says, without an effect. */
  set(isUp: boolean): void {
    this.#isUp = isUp;
  }
}

function tell(phase: "begun" | "ended", { policy, family, path }: Place, turn: Turn): void {
  const { id, all_down: handling } = policy;
  turn.emit({ kind: "all-down", policy: id, family, phase, handling, path });
  turn.persist();
}
