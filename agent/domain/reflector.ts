/** What the processes tell each other about the STAMP reflector. */

import type { ReflectorConfig } from "./config.ts";

/** What the worker shall reflect; the key travels here because the worker cannot read its file. */
export interface ReflectorOrder {
  readonly config: ReflectorConfig;
  /** Hexadecimal; null: unauthenticated packets. */
  readonly key: string | null;
}

/** Requests to the reflector by what became of them; all but `received` sum up to it. */
export interface ReflectorCounters {
  readonly received: number;
  readonly reflected: number;
  /** Not in the allow-list, or sent to a group. */
  readonly refused: number;
  readonly limited: number;
  readonly malformed: number;
  /** A key is configured and the HMAC is absent or wrong. */
  readonly unauthenticated: number;
  /** The kernel did not take the reply. */
  readonly unsent: number;
}
