/** The routes about service levels. What they answer with is loaded when one is asked for. */

import type { ParameterError } from "./query.ts";
import { strangeParameters, wholeNumbers, word } from "./query.ts";
import type { Refuse, Route } from "./route.ts";
import type { SlaQuery, SlaView } from "./sla-view.ts";

export const SLA_FORMATS = ["json", "csv", "html"] as const;
const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/;
const POLICY_MAX = 2 ** 31 - 1;
/** Its style is its own; nothing else is loaded, and no script runs. */
const REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

export interface SlaRoutesOptions {
  readonly sla?: SlaView | undefined;
}

export function slaRoutes({ sla }: SlaRoutesOptions, refuse: Refuse): Route[] {
  const route = (path: string, isReport: boolean): Route => ({
    method: "GET",
    path,
    handle: (context) => {
      if (sla !== undefined) return show(sla, new URL(context.req.url), { isReport, refuse });
      const detail = "cannot tell of service levels: this agent was started without them";
      return refuse({ kind: "not-implemented", detail });
    },
  });
  return [route("/api/v1/sla", false), route("/api/v1/sla/report", true)];
}

interface Form {
  readonly isReport: boolean;
  readonly refuse: Refuse;
}

async function show(
  sla: SlaView,
  { searchParams: params }: URL,
  { isReport, refuse }: Form,
): Promise<Response> {
  const known = isReport ? ["month", "format", "path", "policy"] : ["path", "policy"];
  const errors = strangeParameters(params, known);
  const query = readQuery(params, errors);
  const format = word<(typeof SLA_FORMATS)[number]>(params, "format", SLA_FORMATS);
  errors.push(...format.errors);
  if (errors.length > 0) return refuse(wrong(errors));
  const report = await sla.report(query);
  if (report === null) return refuse(wrong([monthError(query.month)]));
  if (report.subjects.length === 0 && (query.path ?? query.policy) !== null) {
    const what = query.path === null ? `policy ${query.policy}` : `path "${query.path}"`;
    const kind = query.path === null ? "unknown-policy" : "unknown-path";
    return refuse({ kind, detail: `cannot find ${what}: see the configuration` });
  }
  const { overviewBody, reportBody, reportCsv, reportPage } = await import("./sla-answers.ts");
  if (!isReport) return Response.json(overviewBody(report));
  switch (format.value) {
    case "json":
      return Response.json(reportBody(report));
    case "csv":
      return text(reportCsv(report), "text/csv; charset=utf-8");
    case "html":
      return text(reportPage(report), "text/html; charset=utf-8", REPORT_POLICY);
  }
}

function readQuery(params: URLSearchParams, errors: ParameterError[]): SlaQuery {
  const month = params.get("month");
  if (month !== null && !MONTH.test(month)) errors.push(monthError(month));
  const policy = wholeNumbers(params, errors)("policy", 1, POLICY_MAX);
  const path = params.get("path");
  if (path !== null && policy !== null) {
    errors.push({ parameter: "policy", message: "want path or policy: both are given" });
  }
  return { month, path, policy };
}

function monthError(month: string | null): ParameterError {
  const message = `want a month such as 2026-10: current value is "${month ?? ""}"`;
  return { parameter: "month", message };
}

function wrong(errors: readonly ParameterError[]) {
  const detail = "cannot read the parameters: see errors";
  return { kind: "bad-parameters", detail, extensions: { errors } } as const;
}

function text(body: string, type: string, policy?: string): Response {
  const headers = { "content-type": type };
  if (policy === undefined) return new Response(body, { headers });
  return new Response(body, { headers: { ...headers, "content-security-policy": policy } });
}
