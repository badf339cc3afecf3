/**
 * The state that outlives the process, as plain JSON. It holds ages, never moments: after a restart
 * the time between is added, after a reboot nobody knows it and nothing is. Numbers are
 * microseconds where they are spans.
 */

import type { PathId } from "../../domain/ids.ts";
import type { Micros } from "../../domain/units.ts";
import { micros } from "../../domain/units.ts";
import type { PinMode } from "./command.ts";
import type { MoveCause } from "./decision.ts";
import type { PersistedEpisode } from "./episode.ts";
import type { RouteFamily } from "./input.ts";
import type { PersistedOverride } from "./override.ts";
import type { PersistedStandings } from "./standings.ts";

/** Time since the state was written; after a reboot nobody knows it. */
export type Elapsed = Micros | "reboot";

/** What is added to ages: after a reboot nothing, which neither rushes nor wedges a timer. */
export function spanOf(elapsed: Elapsed): Micros {
  return elapsed === "reboot" ? micros(0) : elapsed;
}

export const STATE_VERSION = 1;

export interface PersistedOrder {
  readonly order: number;
  readonly from: PathId | null;
  readonly to: PathId;
  readonly cause: MoveCause;
  readonly counts: boolean;
}

export interface PersistedTrack {
  readonly family: RouteFamily;
  readonly active: PathId | null;
  /** Ordered, not yet answered: the kernel will tell how it ended. */
  readonly pending: PersistedOrder | null;
  readonly softMoves: readonly number[];
  readonly episode: PersistedEpisode & { readonly barred: boolean };
  readonly pinReached: boolean;
  readonly standings: PersistedStandings;
}

export interface PersistedPolicy {
  readonly id: number;
  /** What the operator said last; null: the configuration decides. */
  readonly enabled: boolean | null;
  readonly pin: (PersistedOverride & { readonly path: PathId; readonly mode: PinMode }) | null;
  readonly hold: (PersistedOverride & { readonly strict: boolean }) | null;
  readonly failovers: number;
  readonly failbacks: number;
  readonly tracks: readonly PersistedTrack[];
}

export interface PersistedState {
  readonly version: typeof STATE_VERSION;
  readonly nextOrder: number;
  readonly maintenance: readonly (PersistedOverride & { readonly path: PathId })[];
  readonly policies: readonly PersistedPolicy[];
}

/** Checks what was read from disk; null: not of this version, or not ours. */
export function parsePersisted(value: unknown): PersistedState | null {
  return isState(value) ? value : null;
}

type Check = (value: unknown) => boolean;

const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const isSpan: Check = (value) => typeof value === "number" && Number.isFinite(value);
const isAge: Check = (value) => isSpan(value) && Number(value) >= 0;
const isText: Check = (value) => typeof value === "string";
const isFlag: Check = (value) => typeof value === "boolean";

function orNull(check: Check): Check {
  return (value) => value === null || check(value);
}

function oneOf(...choices: readonly unknown[]): Check {
  return (value) => choices.includes(value);
}

function listOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.every(check);
}

function shape(fields: Readonly<Record<string, Check>>): Check {
  return (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
    const entries = new Map(Object.entries(value));
    return Object.entries(fields).every(([name, check]) => check(entries.get(name)));
  };
}

const CAUSES = ["hard-down", "score", "failback", "maintenance", "pin", "operator", "follow"];
const OVERRIDE = { author: isText, reason: isText, age: isAge, expiresIn: orNull(isSpan) };

const isOrder = shape({
  order: isCount,
  from: orNull(isText),
  to: isText,
  cause: oneOf(...CAUSES, "reconfigured"),
  counts: isFlag,
});

const isStanding = shape({
  path: isText,
  failures: isCount,
  penaltyAge: orNull(isAge),
  quiet: isAge,
});

const isTrack = shape({
  family: oneOf(4, 6),
  active: orNull(isText),
  pending: orNull(isOrder),
  softMoves: listOf(isAge),
  episode: shape({ failed: isFlag, hard: isFlag, barred: isFlag }),
  pinReached: isFlag,
  standings: listOf(isStanding),
});

const isPolicy = shape({
  id: isCount,
  enabled: orNull(isFlag),
  pin: orNull(shape({ ...OVERRIDE, path: isText, mode: oneOf("strict", "safe") })),
  hold: orNull(shape({ ...OVERRIDE, strict: isFlag })),
  failovers: isCount,
  failbacks: isCount,
  tracks: listOf(isTrack),
});

const isWhole = shape({
  version: oneOf(STATE_VERSION),
  nextOrder: isCount,
  maintenance: listOf(shape({ ...OVERRIDE, path: isText })),
  policies: listOf(isPolicy),
});

function isState(value: unknown): value is PersistedState {
  return isWhole(value);
}
