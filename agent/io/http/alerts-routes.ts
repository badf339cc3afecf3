/** The routes about alerts. */

import { SEVERITIES } from "../../domain/alerts.ts";
import type { AlertsView } from "./alerts-view.ts";
import { neededText, openBody, parseBody } from "./body.ts";
import type { ParameterError } from "./query.ts";
import { strangeParameters, wholeNumbers, word } from "./query.ts";
import type { HttpContext, Refuse, Route } from "./route.ts";

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1_000;
const NAME_MAX = 63;

export interface AlertsRoutesOptions {
  readonly alerts?: AlertsView | undefined;
}

const NOTHING: AlertsView = {
  list: () => [],
  channels: () => [],
  history: () => ({ records: [], next: null }),
  test: () => Promise.resolve(null),
};

export function alertsRoutes({ alerts = NOTHING }: AlertsRoutesOptions, refuse: Refuse): Route[] {
  return [
    { method: "GET", path: "/api/v1/alerts", handle: (context) => list(context, alerts, refuse) },
    {
      method: "GET",
      path: "/api/v1/alerts/history",
      handle: (context) => history(context, alerts, refuse),
    },
    {
      method: "POST",
      path: "/api/v1/alerts/test",
      handle: (context) => test(context, alerts, refuse),
    },
  ];
}

function paramsOf(context: HttpContext): URLSearchParams {
  return new URL(context.req.url).searchParams;
}

function wrong(errors: readonly ParameterError[], refuse: Refuse): Response {
  const detail = "cannot read the parameters: see errors";
  return refuse({ kind: "bad-parameters", detail, extensions: { errors } });
}

function list(context: HttpContext, view: AlertsView, refuse: Refuse): Response {
  const errors = strangeParameters(paramsOf(context), []);
  if (errors.length > 0) return wrong(errors, refuse);
  const alerts = view.list();
  return Response.json({ alerts, count: alerts.length, channels: view.channels() });
}

function history(context: HttpContext, view: AlertsView, refuse: Refuse): Response {
  const params = paramsOf(context);
  const errors = strangeParameters(params, ["limit", "cursor", "severity"]);
  const whole = wholeNumbers(params, errors);
  const limit = whole("limit", 1, LIMIT_MAX) ?? LIMIT_DEFAULT;
  const cursor = whole("cursor", 0, Number.MAX_SAFE_INTEGER);
  const chosen = params.has("severity") ? word(params, "severity", SEVERITIES) : null;
  errors.push(...(chosen?.errors ?? []));
  if (errors.length > 0) return wrong(errors, refuse);
  const { records, next } = view.history({ limit, cursor, severity: chosen?.value ?? null });
  return Response.json({ messages: records, count: records.length, next_cursor: next });
}

async function test(context: HttpContext, view: AlertsView, refuse: Refuse): Promise<Response> {
  const errors = strangeParameters(paramsOf(context), []);
  if (errors.length > 0) return wrong(errors, refuse);
  const parsed = parseBody(await context.req.text());
  if (parsed === null) {
    return refuse({ kind: "bad-body", detail: "cannot read the body: want a JSON object" });
  }
  const body = openBody(parsed, ["channel"]);
  const channel = neededText(body, "channel", NAME_MAX);
  if (body.problems.length > 0) {
    const extensions = { errors: body.problems };
    return refuse({ kind: "bad-body", detail: "cannot use the body: see errors", extensions });
  }
  const outcome = await view.test(channel);
  if (outcome !== null) return Response.json(outcome);
  const detail = `cannot find channel "${channel}": /api/v1/alerts lists the known ones`;
  return refuse({ kind: "unknown-channel", detail });
}
