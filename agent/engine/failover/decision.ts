/** What a decision may say: stay, and what holds the move back; move, and why; nowhere to go. */

import type { PathId } from "../../domain/ids.ts";
import type { Instant } from "../../domain/units.ts";
import type { PinMode } from "./command.ts";
import type { HardDownCause } from "./input.ts";

export type MoveCause =
  | "hard-down" // nothing passes
  | "score" // bad, and another one is better by the margin
  | "failback" // a path of better priority has proved itself
  | "maintenance"
  | "pin"
  | "operator" // an order to switch, once
  | "follow" // IPv6 goes where IPv4 went
  | "reconfigured"; // the active path is no longer one of the policy's

/** One thing that keeps traffic where it is. `until` null: nobody knows, it is not running. */
export type Obstacle =
  | { readonly kind: "disabled" }
  | { readonly kind: "not-adopted" }
  | { readonly kind: "switching"; readonly path: PathId }
  | { readonly kind: "pinned"; readonly path: PathId; readonly mode: PinMode }
  | { readonly kind: "held"; readonly strict: boolean; readonly until: Instant | null }
  | { readonly kind: "dwell"; readonly until: Instant }
  | { readonly kind: "streak"; readonly path: PathId; readonly until: Instant | null }
  | {
      readonly kind: "penalty";
      readonly path: PathId;
      readonly until: Instant | null;
      readonly failures: number;
    }
  | {
      readonly kind: "score";
      readonly path: PathId;
      readonly have: number;
      readonly want: number;
    }
  | { readonly kind: "unknown"; readonly path: PathId }
  | { readonly kind: "suspect"; readonly path: PathId }
  | { readonly kind: "verifying"; readonly path: PathId; readonly until: Instant }
  | { readonly kind: "hard-down"; readonly path: PathId; readonly cause: HardDownCause }
  | { readonly kind: "refused"; readonly path: PathId; readonly words: string }
  | { readonly kind: "maintenance"; readonly path: PathId }
  | { readonly kind: "nowhere"; readonly path: PathId }
  | { readonly kind: "following"; readonly path: PathId | null };

export interface Stay {
  readonly kind: "stay";
  readonly obstacles: readonly Obstacle[];
  /** When time alone may change the decision; null: never. */
  readonly wakeAt: Instant | null;
}

export interface Move {
  readonly kind: "move";
  readonly to: PathId;
  readonly cause: MoveCause;
  readonly reason: string;
  readonly unproven: boolean;
}

/** The active path should be left, and nobody is there to take over. */
export interface Nowhere {
  readonly kind: "nowhere";
  /** Nothing passes; else the active path is only bad. */
  readonly hard: boolean;
  readonly reason: string;
}

export type Decision = Stay | Move | Nowhere;

export function stay(obstacles: readonly Obstacle[] = [], wakeAt: Instant | null = null): Stay {
  return { kind: "stay", obstacles, wakeAt };
}
