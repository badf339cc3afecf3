/** What operators ordered and has not ended: who, why, and until when. */

import type { PathId } from "../../domain/ids.ts";
import type { Instant, Micros } from "../../domain/units.ts";
import { after, between, micros } from "../../domain/units.ts";
import type { PinMode, Signature } from "./command.ts";

export interface Override extends Signature {
  readonly since: Instant;
  /** null: until it is taken back. */
  readonly expiresAt: Instant | null;
}

export interface Pin extends Override {
  readonly path: PathId;
  readonly mode: PinMode;
}

export interface Hold extends Override {
  readonly strict: boolean;
}

/** What stands for a policy. */
export interface Overrides {
  readonly pin: Pin | null;
  readonly hold: Hold | null;
}

/** Ages instead of moments, as everything that outlives the process. */
export interface PersistedOverride extends Signature {
  readonly age: number;
  readonly expiresIn: number | null;
}

export function override(
  { author, reason }: Signature,
  expiresAfter: Micros | null,
  now: Instant,
): Override {
  const expiresAt = expiresAfter === null ? null : after(now, expiresAfter);
  return { author, reason, since: now, expiresAt };
}

export function isExpired({ expiresAt }: Override, now: Instant): boolean {
  return expiresAt !== null && now >= expiresAt;
}

export function persistOverride(one: Override, now: Instant): PersistedOverride {
  const { author, reason, since, expiresAt } = one;
  const expiresIn = expiresAt === null ? null : between(now, expiresAt);
  return { author, reason, age: between(since, now), expiresIn };
}

export function restoreOverride(
  { author, reason, age, expiresIn }: PersistedOverride,
  elapsed: Micros,
  now: Instant,
): Override {
  const expiresAt = expiresIn === null ? null : after(now, micros(expiresIn - elapsed));
  return { author, reason, since: after(now, micros(-age - elapsed)), expiresAt };
}
