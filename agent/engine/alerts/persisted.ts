/**
 * What outlives the process: the alerts that were told and whose end was not. Ages are no use here,
 * because an alert's time is wall time as it was told.
 */

import type { Alert } from "../../domain/alerts.ts";
import { ALERT_TYPES, SEVERITIES } from "../../domain/alerts.ts";
import type { UnixMillis } from "../../domain/units.ts";

export const ALERTS_VERSION = 1;

/** An alert that was told. */
export interface SavedAlert {
  readonly key: string;
  readonly alert: Alert;
  /** Who was told that it fires, and will be told that it ended. */
  readonly told: readonly string[];
  /** It is over, and telling so waits for the end of maintenance or quiet hours. */
  readonly over: UnixMillis | null;
}

export interface SavedAlerts {
  readonly version: typeof ALERTS_VERSION;
  /** Of the newest notification. */
  readonly sequence: number;
  readonly alerts: readonly SavedAlert[];
}

/** Checks what was read from disk; null: not of this version, or not ours. */
export function parseSavedAlerts(value: unknown): SavedAlerts | null {
  return isWhole(value) ? value : null;
}

type Check = (value: unknown) => boolean;

const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const isTime: Check = (value) => typeof value === "number" && Number.isFinite(value);
const isText: Check = (value) => typeof value === "string";

function orNull(check: Check): Check {
  return (value) => value === null || check(value);
}

function oneOf(choices: readonly unknown[]): Check {
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

const isAlert = shape({
  id: isText,
  rule: isText,
  type: oneOf(ALERT_TYPES),
  severity: oneOf(SEVERITIES),
  status: oneOf(["firing"]),
  summary: isText,
  path_id: orNull(isText),
  policy_id: orNull(isCount),
  cause: isText,
  consequences: listOf(isText),
  started_at_ms: isTime,
  resolved_at_ms: oneOf([null]),
});

const isSaved = shape({
  version: oneOf([ALERTS_VERSION]),
  sequence: isCount,
  alerts: listOf(
    shape({ key: isText, alert: isAlert, told: listOf(isText), over: orNull(isTime) }),
  ),
});

function isWhole(value: unknown): value is SavedAlerts {
  return isSaved(value);
}
