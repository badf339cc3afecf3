/**
 * Answers about the failover, and orders to it. Loaded at the first such request. Every order is
 * signed: by the field `author`, else by the way it came.
 */

import { pathId } from "../../domain/ids.ts";
import type { Micros } from "../../domain/units.ts";
import { micros, US_PER_S } from "../../domain/units.ts";
import type { OperatorCommand, Signature } from "../../engine/failover/command.ts";
import type { Body } from "./body.ts";
import { choiceField, flagField, neededText, openBody, textField, wholeField } from "./body.ts";
import { auditBody, eventBody, readAuditQuery, readEventQuery } from "./failover-json.ts";
import type { FailoverView, FieldProblem, PolicyOutcome } from "./failover-view.ts";
import { configNames, wireNames } from "./policy-names.ts";
import type { Problem } from "./problem.ts";
import type { ParameterError } from "./query.ts";
import { strangeParameters, word } from "./query.ts";

export interface Ask {
  /** The decoded id of the URL; empty where it has none. */
  readonly id: string;
  readonly params: URLSearchParams;
  readonly body: ReadonlyMap<string, unknown>;
  /** Who it is if the body does not say. */
  readonly author: string;
}

export type Answer =
  | { readonly kind: "json"; readonly body: object; readonly status?: 200 | 201 }
  /** `body` goes behind the time; the tag is made without it. */
  | { readonly kind: "tagged"; readonly timestamp: number; readonly policies: object }
  | { readonly kind: "problem"; readonly problem: Problem };

export type Answerer = (view: FailoverView, ask: Ask) => Answer;

const AUTHOR_MAX = 64;
const REASON_MAX = 500;
const PATH_ID_MAX = 63;
/** A year. */
const EXPIRY_MAX_SECS = 366 * 86_400;
const SIGNED = ["author", "reason"] as const;

function json(body: object, status: 200 | 201 = 200): Answer {
  return { kind: "json", body, status };
}

function refusal(kind: Problem["kind"], detail: string): Answer {
  return { kind: "problem", problem: { kind, detail } };
}

function wrong(errors: readonly ParameterError[]): Answer {
  const detail = "cannot read the parameters: see errors";
  return { kind: "problem", problem: { kind: "bad-parameters", detail, extensions: { errors } } };
}

function badBody(errors: readonly FieldProblem[]): Answer {
  const fields = [...new Set(errors.map(({ field }) => field))].filter((field) => field !== "");
  const what = fields.length === 0 ? "the body" : fields.join(", ");
  const detail = `cannot use ${what}: see errors`;
  return { kind: "problem", problem: { kind: "bad-body", detail, extensions: { errors } } };
}

function unknownPolicy(id: string): Answer {
  const detail = `cannot find policy "${id}": /api/v1/failover/snapshot lists the known ones`;
  return refusal("unknown-policy", detail);
}

/** NaN: no policy has it. */
function policyId({ id }: Ask): number {
  return /^\d{1,10}$/.test(id) ? Number(id) : Number.NaN;
}

// --- reading ------------------------------------------------------------------------------------

export const snapshot: Answerer = (view) => ({ kind: "tagged", ...view.snapshot() });

export const policies: Answerer = (view) => {
  const { policies: list } = view.snapshot();
  return json({ policies: list, count: list.length });
};

export const policy: Answerer = (view, ask) => {
  const found = view.policy(policyId(ask));
  return found === null ? unknownPolicy(ask.id) : json(found);
};

export const events: Answerer = (view, { params }) => {
  const read = readEventQuery(params);
  if (read.kind === "wrong") return wrong(read.errors);
  const { records, next } = view.events(read.query);
  return json({ events: records.map(eventBody), count: records.length, next_cursor: next });
};

export const audit: Answerer = (view, { params }) => {
  const read = readAuditQuery(params);
  if (read.kind === "wrong") return wrong(read.errors);
  const { records, next } = view.audits(read.query);
  return json({ records: records.map(auditBody), count: records.length, next_cursor: next });
};

export const explain: Answerer = (view, ask) => {
  const errors = strangeParameters(ask.params, ["family"]);
  const family = ask.params.has("family") ? word(ask.params, "family", ["4", "6"]) : null;
  errors.push(...(family?.errors ?? []));
  if (errors.length > 0) return wrong(errors);
  const wanted = family === null ? null : family.value === "4" ? 4 : 6;
  const found = view.explain(policyId(ask), wanted);
  return found === null ? unknownPolicy(ask.id) : json(found);
};

export const routes: Answerer = (view) => json(view.routes());

// --- policies -----------------------------------------------------------------------------------

export const create: Answerer = (view, ask) =>
  written(ask, (body, by) => view.createPolicy(body, by), 201);

export const update: Answerer = (view, ask) => {
  const id = policyId(ask);
  const given = ask.body.get("policy_id") ?? ask.body.get("id") ?? id;
  if (given !== id) {
    const message = `want ${ask.id}, as in the URL: current value is ${JSON.stringify(given)}`;
    return badBody([{ field: "policy_id", message }]);
  }
  return written(ask, (body, by) => view.updatePolicy(id, body, by), 200);
};

export const remove: Answerer = (view, ask) => {
  const body = openBody(ask.body, SIGNED);
  const by = signature(body, ask);
  if (body.problems.length > 0) return badBody(body.problems);
  const id = policyId(ask);
  const outcome = view.deletePolicy(id, by);
  switch (outcome.kind) {
    case "done":
      return json({ policy_id: id, deleted: true });
    case "conflict":
      return refusal("policy-conflict", outcome.reason);
    case "unknown-policy":
      return unknownPolicy(ask.id);
  }
};

function written(
  ask: Ask,
  write: (body: object, by: Signature) => PolicyOutcome,
  status: 200 | 201,
): Answer {
  const signed: Body = { values: ask.body, problems: [] };
  const by = signature(signed, ask);
  if (signed.problems.length > 0) return badBody(signed.problems);
  const own = new Map([...ask.body].filter(([field]) => !SIGNED.some((one) => one === field)));
  const named = configNames(own);
  if (named.kind === "twice") return badBody(named.problems);
  const outcome = write(named.document, by);
  switch (outcome.kind) {
    case "done":
      return json(outcome.policy, status);
    case "invalid":
      return badBody(wireNames(outcome.problems, own));
    case "conflict":
      return refusal("policy-conflict", outcome.reason);
    case "unknown-policy":
      return unknownPolicy(ask.id);
  }
}

// --- orders -------------------------------------------------------------------------------------

function signature(body: Body, ask: Ask): Signature {
  const author = textField(body, "author", AUTHOR_MAX, "");
  const reason = textField(body, "reason", REASON_MAX, "");
  return { author: author.trim() === "" ? ask.author : author.trim(), reason };
}

function expiry(body: Body): Micros | null {
  const seconds = wholeField(body, "expires_secs", 1, EXPIRY_MAX_SECS);
  return seconds === null ? null : micros(seconds * US_PER_S);
}

type Compose = (body: Body, signed: Signature, id: number) => OperatorCommand;

function order(fields: readonly string[], compose: Compose): Answerer {
  return (view, ask) => {
    const body = openBody(ask.body, [...fields, ...SIGNED]);
    const command = compose(body, signature(body, ask), policyId(ask));
    if (body.problems.length > 0) return badBody(body.problems);
    return obeyed(view, ask, command);
  };
}

function obeyed(view: FailoverView, ask: Ask, command: OperatorCommand): Answer {
  if (command.action !== "maintenance" && view.policy(command.policy) === null) {
    return unknownPolicy(ask.id);
  }
  const outcome = view.command(command);
  switch (outcome.kind) {
    case "done":
      break;
    case "refused":
      return refusal("order-refused", outcome.reason);
    case "unknown-policy":
      return unknownPolicy(ask.id);
    case "unknown-path": {
      const path = "path" in command ? command.path : ask.id;
      const detail = `cannot find path "${path}": /api/v1/health/snapshot lists the known ones`;
      return refusal("unknown-path", detail);
    }
  }
  if (command.action === "maintenance") {
    return json({ path_id: command.path, maintenance: command.on });
  }
  return json(view.policy(command.policy) ?? {});
}

export const enable = order([], (_, signed, id) => ({ ...signed, action: "enable", policy: id }));

export const disable = order([], (_, signed, id) => ({ ...signed, action: "disable", policy: id }));

export const switchTo = order(["path_id"], (body, signed, id) => ({
  ...signed,
  action: "switch",
  policy: id,
  path: pathId(neededText(body, "path_id", PATH_ID_MAX)),
}));

export const pin = order(["path_id", "mode", "expires_secs"], (body, signed, id) => ({
  ...signed,
  action: "pin",
  policy: id,
  path: pathId(neededText(body, "path_id", PATH_ID_MAX)),
  mode: choiceField(body, "mode", ["safe", "strict"]),
  expiresAfter: expiry(body),
}));

export const unpin = order([], (_, signed, id) => ({ ...signed, action: "unpin", policy: id }));

export const hold = order(["strict", "expires_secs"], (body, signed, id) => ({
  ...signed,
  action: "hold",
  policy: id,
  strict: flagField(body, "strict", false),
  expiresAfter: expiry(body),
}));

export const release = order([], (_, signed, id) => ({ ...signed, action: "release", policy: id }));

export const beginMaintenance: Answerer = (view, ask) =>
  order(["expires_secs"], (body, signed) => ({
    ...signed,
    action: "maintenance",
    path: pathId(ask.id),
    on: true,
    expiresAfter: expiry(body),
  }))(view, ask);

export const endMaintenance: Answerer = (view, ask) =>
  order([], (_, signed) => ({
    ...signed,
    action: "maintenance",
    path: pathId(ask.id),
    on: false,
    expiresAfter: null,
  }))(view, ask);
