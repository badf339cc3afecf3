/**
 * The environment of a hook, made from nothing: what happened, in variables that every shell can
 * read. All of them are always set; what does not apply is empty. Control characters, which a
 * reason given by an operator may hold, become spaces.
 */

import type { HookEventName } from "../../domain/hooks.ts";
import type { PathId } from "../../domain/ids.ts";
import type { Status } from "../../domain/status.ts";
import type { UnixMillis } from "../../domain/units.ts";
import type { FailoverEvent } from "../../engine/failover/effect.ts";

/** A change of a path's status. */
export interface PathChange {
  readonly path: PathId;
  readonly from: Status;
  readonly to: Status;
  readonly score: number | null;
}

export type Happening =
  | { readonly kind: "failover"; readonly event: FailoverEvent; readonly id: number }
  | { readonly kind: "path"; readonly change: PathChange };

export interface HookContext {
  readonly nodeId: string;
  /** Empty: not known any more. */
  readonly policyName: string;
}

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
const CONTROL = /[\u0000-\u001f\u007f-\u009f]+/g;

type Value = string | number | null;

export function hookEnvironment(
  name: HookEventName,
  happening: Happening,
  at: UnixMillis,
  context: HookContext,
): Record<string, string> {
  const values: Record<string, Value> = {
    EVENT: name,
    TIMESTAMP: Math.floor(at / 1_000),
    TIMESTAMP_MS: at,
    NODE_ID: context.nodeId,
    ...failoverValues(happening, context),
    ...pathValues(happening),
  };
  const entries = Object.entries(values).map(([key, value]) => [`PATRONUS_${key}`, textOf(value)]);
  return { PATH, LANG: "C.UTF-8", ...Object.fromEntries(entries) };
}

function failoverValues(happening: Happening, { policyName }: HookContext): Record<string, Value> {
  const event = happening.kind === "failover" ? happening.event : null;
  return {
    EVENT_ID: happening.kind === "failover" ? happening.id : null,
    POLICY_ID: event?.policy ?? null,
    POLICY_NAME: event === null ? null : policyName,
    FROM_PATH: event?.from ?? null,
    TO_PATH: event?.to ?? null,
    REASON: event?.reason ?? null,
    CAUSE: event?.cause ?? null,
    FAMILY: event?.family ?? null,
    PRIMARY_SCORE: scoreOf(event?.primaryScore ?? null),
    BACKUP_SCORE: scoreOf(event?.backupScore ?? null),
    DURATION_US: event?.duration == null ? null : Math.round(event.duration),
  };
}

function pathValues(happening: Happening): Record<string, Value> {
  const change = happening.kind === "path" ? happening.change : null;
  return {
    PATH: change?.path ?? null,
    OLD_STATUS: change?.from ?? null,
    NEW_STATUS: change?.to ?? null,
    SCORE: scoreOf(change?.score ?? null),
  };
}

/** One digit behind the point, as every surface shows it. */
function scoreOf(score: number | null): string | null {
  return score === null ? null : score.toFixed(1);
}

function textOf(value: Value): string {
  return value === null ? "" : String(value).replace(CONTROL, " ");
}
