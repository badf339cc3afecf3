/** What the hooks need of the world: something that starts a program and waits for its end. */

import type { Micros } from "../../domain/units.ts";

export interface HookLaunch {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** The whole environment: nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeout: Micros;
}

export type HookEnd =
  | { readonly kind: "exited"; readonly code: number; readonly output: string }
  /** By a signal that was not ours. */
  | { readonly kind: "signalled"; readonly signal: string; readonly output: string }
  /** Killed with its process group. */
  | { readonly kind: "timed-out"; readonly output: string }
  | { readonly kind: "not-started"; readonly reason: string };

export interface HookRunner {
  /** Never rejects. One program at a time. */
  run(launch: HookLaunch): Promise<HookEnd>;
  /** Kills what runs. */
  kill(): void;
}
