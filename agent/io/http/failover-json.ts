/** Events and audit records as JSON, and the questions after them. */

import type {
  AuditQuery,
  EventQuery,
  RecordedAudit,
  RecordedEvent,
} from "../../controller/failover/ports.ts";
import { pathId } from "../../domain/ids.ts";
import { unixSeconds } from "../../domain/units.ts";
import type { FailoverEventType } from "../../engine/failover/effect.ts";
import { rounded } from "./json.ts";
import type { ParameterError } from "./query.ts";
import { strangeParameters, TIME_MAX, wholeNumbers, word } from "./query.ts";

export const EVENT_TYPES = [
  "triggered",
  "completed",
  "failed",
  "policy_enabled",
  "policy_disabled",
] as const satisfies readonly FailoverEventType[];

export const RECORD_PAGE_DEFAULT = 100;
export const RECORD_PAGE_MAX = 1_000;
export const RECORD_ORDERS = ["newest-first", "oldest-first"] as const;
export const POLICY_ID_MAX = 2 ** 31 - 1;

export function eventBody(event: RecordedEvent): object {
  return {
    event_id: event.id,
    policy_id: event.policy,
    event_type: event.type,
    from_path_id: event.from,
    to_path_id: event.to,
    reason: event.reason,
    primary_health_score: rounded(event.primaryScore),
    backup_health_score: rounded(event.backupScore),
    timestamp: unixSeconds(event.at / 1_000),
    timestamp_ms: Math.round(event.at),
    family: event.family,
    order_id: event.order,
    cause: event.cause,
    duration_ms: event.duration === null ? null : rounded(event.duration / 1_000),
    evidence: event.evidence.map(({ path, score, window }) => ({
      path_id: path,
      health_score: rounded(score),
      window,
    })),
  };
}

export function auditBody(audit: RecordedAudit): object {
  return {
    audit_id: audit.id,
    action: audit.action,
    author: audit.author,
    reason: audit.reason,
    policy_id: audit.policy,
    path_id: audit.path,
    outcome: audit.outcome,
    detail: audit.detail,
    timestamp: unixSeconds(audit.at / 1_000),
    timestamp_ms: Math.round(audit.at),
  };
}

type Read<T> =
  | { readonly kind: "read"; readonly query: T }
  | { readonly kind: "wrong"; readonly errors: readonly ParameterError[] };

const SHARED = ["policy_id", "path", "since", "until", "limit", "cursor", "order"] as const;
export const EVENT_PARAMETERS = [...SHARED, "type"] as const;
export const AUDIT_PARAMETERS = [...SHARED, "action"] as const;

export function readEventQuery(params: URLSearchParams): Read<EventQuery> {
  const errors = strangeParameters(params, EVENT_PARAMETERS);
  const shared = readShared(params, errors);
  const type = params.has("type") ? word(params, "type", EVENT_TYPES) : null;
  errors.push(...(type?.errors ?? []));
  if (errors.length > 0) return { kind: "wrong", errors };
  return { kind: "read", query: { ...shared, type: type?.value ?? null } };
}

export function readAuditQuery(params: URLSearchParams): Read<AuditQuery> {
  const errors = strangeParameters(params, AUDIT_PARAMETERS);
  const shared = readShared(params, errors);
  if (errors.length > 0) return { kind: "wrong", errors };
  return { kind: "read", query: { ...shared, action: params.get("action") } };
}

function readShared(params: URLSearchParams, errors: ParameterError[]): Omit<EventQuery, "type"> {
  const whole = wholeNumbers(params, errors);
  const order = word(params, "order", RECORD_ORDERS);
  errors.push(...order.errors);
  const path = params.get("path");
  const since = whole("since", 0, TIME_MAX);
  const until = whole("until", 0, TIME_MAX);
  if (since !== null && until !== null && since > until) {
    const message = `want at most ${until} (until): current value is ${since}`;
    errors.push({ parameter: "since", message });
  }
  return {
    since: since === null ? null : unixSeconds(since),
    until: until === null ? null : unixSeconds(until),
    limit: whole("limit", 1, RECORD_PAGE_MAX) ?? RECORD_PAGE_DEFAULT,
    cursor: whole("cursor", 0, Number.MAX_SAFE_INTEGER),
    order: order.value,
    policy: whole("policy_id", 1, POLICY_ID_MAX),
    path: path === null ? null : pathId(path),
  };
}
