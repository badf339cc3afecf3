/** The routes about the failover. What they answer is loaded when one is asked for. */

import { parseBody } from "./body.ts";
import { hasTag, weakTag } from "./etag.ts";
import type { Answer, Answerer } from "./failover-answers.ts";
import type { FailoverView } from "./failover-view.ts";
import { strangeParameters } from "./query.ts";
import type { HttpContext, Refuse, Route } from "./route.ts";

type Answers = typeof import("./failover-answers.ts");

const FAILOVER = "/api/v1/failover";
const POLICY = `${FAILOVER}/policies/:id`;
/** These read their own parameters; the others have none. */
const ASKING: readonly (keyof Answers)[] = ["events", "audit", "explain"];

const ROUTES: readonly (readonly [Route["method"], string, keyof Answers])[] = [
  ["GET", `${FAILOVER}/snapshot`, "snapshot"],
  ["GET", `${FAILOVER}/events`, "events"],
  ["GET", `${FAILOVER}/routes`, "routes"],
  ["GET", `${FAILOVER}/policies`, "policies"],
  ["POST", `${FAILOVER}/policies`, "create"],
  ["GET", POLICY, "policy"],
  ["PUT", POLICY, "update"],
  ["DELETE", POLICY, "remove"],
  ["GET", `${POLICY}/explain`, "explain"],
  ["POST", `${POLICY}/enable`, "enable"],
  ["POST", `${POLICY}/disable`, "disable"],
  ["POST", `${POLICY}/switch`, "switchTo"],
  ["POST", `${POLICY}/pin`, "pin"],
  ["POST", `${POLICY}/unpin`, "unpin"],
  ["POST", `${POLICY}/hold`, "hold"],
  ["POST", `${POLICY}/release`, "release"],
  ["PUT", "/api/v1/paths/:id/maintenance", "beginMaintenance"],
  ["DELETE", "/api/v1/paths/:id/maintenance", "endMaintenance"],
  ["GET", "/api/v1/audit", "audit"],
];

export interface FailoverRoutesOptions {
  readonly failover?: FailoverView | undefined;
}

export function failoverRoutes({ failover }: FailoverRoutesOptions, refuse: Refuse): Route[] {
  return ROUTES.map(([method, path, name]) => ({
    method,
    path,
    handle: async (context) => {
      if (failover === undefined) {
        const detail = "cannot tell of failover: this agent was started without it";
        return refuse({ kind: "not-implemented", detail });
      }
      const answers = await import("./failover-answers.ts");
      return respond(context, await ask(context, failover, answers, name), refuse);
    },
  }));
}

async function ask(
  context: HttpContext,
  view: FailoverView,
  answers: Answers,
  name: keyof Answers,
): Promise<Answer> {
  const { req } = context;
  const params = new URL(req.url).searchParams;
  const errors = ASKING.includes(name) ? [] : strangeParameters(params, []);
  if (errors.length > 0) {
    const detail = "cannot read the parameters: see errors";
    const extensions = { errors };
    return { kind: "problem", problem: { kind: "bad-parameters", detail, extensions } };
  }
  const body = req.method === "GET" ? new Map() : parseBody(await req.text());
  if (body === null) {
    const detail = "cannot read the body: want a JSON object";
    return { kind: "problem", problem: { kind: "bad-body", detail } };
  }
  const author = context.env?.transport === "unix" ? "unix socket" : "api token";
  const answerer: Answerer = answers[name];
  return answerer(view, { id: req.param("id") ?? "", params, body, author });
}

function respond(context: HttpContext, answer: Answer, refuse: Refuse): Response {
  switch (answer.kind) {
    case "problem":
      return refuse(answer.problem);
    case "json":
      return Response.json(answer.body, { status: answer.status ?? 200 });
    case "tagged":
      return tagged(context, answer);
  }
}

/** 304 while nothing but the time has changed. */
function tagged(
  context: HttpContext,
  { timestamp, policies }: Extract<Answer, { kind: "tagged" }>,
): Response {
  const list = JSON.stringify(policies);
  const etag = weakTag(list);
  const headers = { etag, "cache-control": "no-cache" };
  if (hasTag(context.req.header("if-none-match") ?? null, etag)) {
    return new Response(null, { status: 304, headers });
  }
  const body = `{"timestamp":${timestamp},"policies":${list}}`;
  return new Response(body, { headers: { ...headers, "content-type": "application/json" } });
}
