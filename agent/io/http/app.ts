/**
 * The HTTP surface as one Hono app: guard first, then a table of routes. Every answer carries the
 * same safety headers, every refusal is a problem document, every parameter that is not known is
 * refused. How a request came (TCP or unix socket) is told through the environment of `fetch`.
 */

import { Hono } from "hono";
import type { Clock, Log } from "../../controller/ports.ts";
import { unreachable } from "../../domain/invariant.ts";
import type { UnixSeconds } from "../../domain/units.ts";
import { unixSeconds } from "../../domain/units.ts";
import { alertsRoutes } from "./alerts-routes.ts";
import type { AlertsView } from "./alerts-view.ts";
import { hasTag, weakTag } from "./etag.ts";
import { failoverRoutes } from "./failover-routes.ts";
import type { FailoverView } from "./failover-view.ts";
import type { GuardOptions } from "./guard.ts";
import { createGuard } from "./guard.ts";
import type { HistoryAnswer } from "./history-answers.ts";
import { answerAggregate, answerAggregates, answerHistory } from "./history-answers.ts";
import { pathBody } from "./json.ts";
import { Scraper } from "./metrics/scrape.ts";
import type { Problem } from "./problem.ts";
import { problemResponse } from "./problem.ts";
import { strangeParameters } from "./query.ts";
import { RequestLimits } from "./request-limits.ts";
import type { Handler, HttpContext, HttpEnvironment, Route } from "./route.ts";
import type { RttView } from "./rtt-view.ts";
import { slaRoutes } from "./sla-routes.ts";
import type { SlaView } from "./sla-view.ts";
import { streamRoutes } from "./stream-routes.ts";
import type { StreamSource } from "./stream-view.ts";
import { updateRoutes } from "./update-routes.ts";
import type { UpdateView } from "./update-view.ts";
import type { AgentView } from "./view.ts";

export interface HttpOptions extends GuardOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Absent: its routes say that they are not there. */
  readonly failover?: FailoverView | undefined;
  readonly sla?: SlaView | undefined;
  /** Absent: nobody is told of anything. */
  readonly alerts?: AlertsView | undefined;
  /** Absent: no histogram of round-trip times. */
  readonly rtt?: RttView | undefined;
  /** Absent: nothing can be followed. */
  readonly stream?: StreamSource | undefined;
  /** Absent: its routes say that they are not there. */
  readonly updates?: UpdateView | undefined;
}

export type { HttpEnvironment } from "./route.ts";

export type HttpApp = Hono<HttpEnvironment>;

const POLICY = "default-src 'none'; frame-ancestors 'none'";
const SAFETY_HEADERS = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
} as const;

const HURRIED: Problem = {
  kind: "too-many-requests",
  detail: "cannot answer this often: ask again in some seconds",
  headers: { "retry-after": "5" },
};

export function createApp(view: AgentView, options: HttpOptions): HttpApp {
  const app = new Hono<HttpEnvironment>();
  const guard = createGuard(options);
  const limits = new RequestLimits(options.clock);
  app.use(async (context, next) => {
    // Without an environment the stricter rules hold.
    const { transport = "tcp", client } = context.env ?? {};
    const { raw } = context.req;
    const isClaiming = raw.headers.has("authorization");
    if (client !== undefined && !limits.admit(client, isClaiming)) return refuse(HURRIED);
    const problem = guard.check(raw, transport);
    if (problem?.kind === "unauthorized" && client !== undefined && isClaiming) {
      limits.noteFailure(client);
    }
    if (problem !== null) return refuse(problem);
    // Who signs an order; reads have nothing to sign.
    const name = raw.method === "GET" || transport === "unix" ? null : guard.clientOf(raw);
    if (name !== null) context.set("client", name);
    await next();
    addHeaders(context.res.headers);
    return undefined;
  });
  const routes = [
    ...routesOf(view, options),
    ...failoverRoutes(options, refuse),
    ...slaRoutes(options, refuse),
    ...alertsRoutes(options, refuse),
    ...streamRoutes(options, view, refuse),
    ...updateRoutes(options, refuse),
  ];
  for (const route of routes) app.on(route.method, route.path, route.handle);
  for (const [path, same] of Map.groupBy(routes, (route) => route.path)) {
    const allow = same.map(({ method }) => (method === "GET" ? "GET, HEAD" : method)).join(", ");
    app.all(path, () =>
      refuse({
        kind: "method-not-allowed",
        detail: `cannot take this method: want ${allow}`,
        headers: { allow },
      }),
    );
  }
  app.notFound(() =>
    refuse({ kind: "not-found", detail: "cannot find this resource: see /openapi.json" }),
  );
  app.onError((error) => internalError(error, options.log));
  return app;
}

/** A failure of ours: the client gets the name of the occurrence, the log what happened. */
export function internalError(error: unknown, log: Log): Response {
  const id = crypto.randomUUID();
  log.error("a request failed", {
    id,
    error: error instanceof Error ? (error.stack ?? error.message) : String(error),
  });
  const detail = "cannot answer because of a fault in the agent: its log has the instance";
  const response = problemResponse({ kind: "internal-error", detail }, id);
  addHeaders(response.headers);
  return response;
}

function routesOf(view: AgentView, options: HttpOptions): Route[] {
  const scraper = new Scraper(view, options.clock, options);
  const now = () => unixSeconds(options.clock.wall() / 1_000);
  const get = (path: string, handle: Handler): Route => ({
    method: "GET",
    path,
    handle: withoutParameters(handle),
  });
  const past = (path: string, answer: PathAnswer): Route => ({
    method: "GET",
    path,
    handle: (context) => {
      const id = context.req.param("id") ?? "";
      return showPast(answer(view, id, new URL(context.req.url).searchParams, now()), id);
    },
  });
  return [
    get("/", (context) => showPage(context, view, options.failover ?? null)),
    get("/metrics", (context) => scraper.answer(context.req.raw)),
    get("/healthz", (context) => context.json({ status: "ok" })),
    get("/readyz", (context) => showReadiness(context, view)),
    get("/openapi.json", (context) => showApi(context)),
    get("/api/v1/status", (context) => context.json(view.status())),
    get("/api/v1/queue", (context) => context.json(queueBody(view))),
    get("/api/v1/health/snapshot", (context) => showSnapshot(context, view)),
    get("/api/v1/health/paths/:id", (context) => showPath(context, view, now())),
    past("/api/v1/health/paths/:id/history", answerHistory),
    past("/api/v1/health/paths/:id/aggregate", answerAggregate),
    {
      method: "GET",
      path: "/api/v1/health/aggregate",
      handle: async (context) =>
        showPast(await answerAggregates(view, new URL(context.req.url).searchParams, now()), ""),
    },
    {
      method: "POST",
      path: "/api/v1/backup",
      handle: withoutParameters((context) => backUp(context, view)),
    },
    {
      method: "POST",
      path: "/api/v1/reload",
      handle: withoutParameters((context) => reload(context, view)),
    },
  ];
}

/** One form whether something is pushed or not. */
function queueBody(view: AgentView) {
  const { queue } = view.status();
  return {
    is_open: queue !== null,
    fault: queue?.fault ?? null,
    destinations: queue?.destinations ?? [],
    dead_letters: view.deadLetters(),
  };
}

/** Refuses every query parameter. */
function withoutParameters(handle: Handler): Handler {
  return (context) => {
    if (!context.req.url.includes("?")) return handle(context);
    const errors = strangeParameters(new URL(context.req.url).searchParams, []);
    return errors.length > 0 ? refuse(wrongParameters(errors)) : handle(context);
  };
}

/** Loaded when asked for, like the page: thousands of objects. */
async function showApi(context: HttpContext): Promise<Response> {
  return context.json((await import("./openapi.ts")).OPENAPI);
}

async function showPage(
  context: HttpContext,
  view: AgentView,
  failover: FailoverView | null,
): Promise<Response> {
  const shown =
    failover === null ? "" : (await import("./failover-page.ts")).failoverPart(failover);
  const { PAGE_POLICY, statusPage } = await import("./page.ts");
  const page = await statusPage(view.snapshot(), view.status(), shown);
  return context.html(page, 200, { "content-security-policy": PAGE_POLICY });
}

function showReadiness(context: HttpContext, view: AgentView): Response {
  const { ready, reasons } = view.ready();
  if (ready) return context.json({ ready, reasons });
  const detail = `cannot serve results yet: ${reasons.join("; ")}`;
  return refuse({ kind: "not-ready", detail, extensions: { ready, reasons } });
}

function showSnapshot(context: HttpContext, view: AgentView): Response {
  const { timestamp, paths } = view.snapshot();
  const list = JSON.stringify(paths.map(pathBody));
  // Without the time of asking: nothing has changed when only the clock went on.
  const etag = weakTag(list);
  const headers = { etag, "cache-control": "no-cache" };
  if (hasTag(context.req.header("if-none-match") ?? null, etag)) {
    return new Response(null, { status: 304, headers });
  }
  const body = `{"timestamp":${timestamp},"paths":${list}}`;
  return new Response(body, { headers: { ...headers, "content-type": "application/json" } });
}

function showPath(context: HttpContext, view: AgentView, now: UnixSeconds): Response {
  const id = context.req.param("id") ?? "";
  const path = view.path(id);
  if (path === null) return unknownPath(id);
  return context.json({ timestamp: now, ...pathBody(path) });
}

type PathAnswer = (
  view: AgentView,
  id: string,
  params: URLSearchParams,
  now: UnixSeconds,
) => HistoryAnswer;

function showPast(answer: HistoryAnswer, id: string): Response {
  switch (answer.kind) {
    case "json":
      return Response.json(answer.body);
    case "csv": {
      const headers = { "content-type": "text/csv; charset=utf-8" };
      if (answer.next === null) return new Response(answer.text, { headers });
      return new Response(answer.text, {
        headers: { ...headers, "x-next-cursor": String(answer.next) },
      });
    }
    case "wrong":
      return refuse(wrongParameters(answer.errors));
    case "unknown-path":
      return unknownPath(id);
    default:
      return unreachable(answer);
  }
}

async function backUp(context: HttpContext, view: AgentView): Promise<Response> {
  const end = await view.backup();
  if (end.kind === "failed") return refuse({ kind: "backup-failed", detail: end.reason });
  return context.json({ path: end.path, octets: end.octets });
}

function reload(context: HttpContext, view: AgentView): Response {
  if (view.reload === undefined) {
    const detail = "cannot reload over HTTP here: send SIGHUP to the agent";
    return refuse({ kind: "not-implemented", detail });
  }
  const outcome = view.reload();
  if (outcome.kind === "refused") {
    return refuse({ kind: "reload-refused", detail: `cannot reload: ${outcome.reason}` });
  }
  return context.json({ status: "requested" }, 202);
}

function unknownPath(id: string): Response {
  const detail = `cannot find path "${id}": /api/v1/health/snapshot lists the known ones`;
  return refuse({ kind: "unknown-path", detail });
}

function wrongParameters(errors: readonly unknown[]): Problem {
  const what = errors.length === 1 ? "a parameter" : `${errors.length} parameters`;
  const detail = `cannot read ${what}: see errors`;
  return { kind: "bad-parameters", detail, extensions: { errors } };
}

function refuse(problem: Problem): Response {
  const response = problemResponse(problem, crypto.randomUUID());
  addHeaders(response.headers);
  return response;
}

function addHeaders(headers: Headers): void {
  for (const [name, value] of Object.entries(SAFETY_HEADERS)) headers.set(name, value);
  if (!headers.has("content-security-policy")) headers.set("content-security-policy", POLICY);
  if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
}
