/** The routes about updates of the program. */

import { flagField, openBody, parseBody, textField } from "./body.ts";
import { strangeParameters } from "./query.ts";
import type { HttpContext, Refuse, Route } from "./route.ts";
import type { UpdateAnswer, UpdateView } from "./update-view.ts";

const AUTHOR_MAX = 64;

export interface UpdateRoutesOptions {
  readonly updates?: UpdateView | undefined;
}

export function updateRoutes({ updates }: UpdateRoutesOptions, refuse: Refuse): Route[] {
  const route = (
    method: "GET" | "POST",
    path: string,
    act: (view: UpdateView, context: HttpContext) => Promise<Response>,
  ): Route => ({
    method,
    path,
    handle(context) {
      const errors = strangeParameters(new URL(context.req.url).searchParams, []);
      if (errors.length > 0) {
        const detail = "cannot read the parameters: see errors";
        return refuse({ kind: "bad-parameters", detail, extensions: { errors } });
      }
      if (updates !== undefined) return act(updates, context);
      const detail = "cannot tell of updates: this agent was started without them";
      return refuse({ kind: "not-implemented", detail });
    },
  });
  return [
    route("GET", "/api/v1/update", async (view) => Response.json(await view.body())),
    route("POST", "/api/v1/update/check", async (view) => Response.json(await view.check())),
    route("POST", "/api/v1/update/apply", (view, context) => apply(view, context, refuse)),
    route("POST", "/api/v1/update/rollback", (view, context) => rollBack(view, context, refuse)),
  ];
}

async function apply(view: UpdateView, context: HttpContext, refuse: Refuse): Promise<Response> {
  const parsed = parseBody(await context.req.text());
  if (parsed === null) return badBody(refuse);
  const body = openBody(parsed, ["any_path"]);
  const anyPath = flagField(body, "any_path", false);
  if (body.problems.length > 0) return badBody(refuse, body.problems);
  return answered(await view.apply(anyPath), refuse);
}

async function rollBack(view: UpdateView, context: HttpContext, refuse: Refuse): Promise<Response> {
  const parsed = parseBody(await context.req.text());
  if (parsed === null) return badBody(refuse);
  const body = openBody(parsed, ["author"]);
  const author = textField(body, "author", AUTHOR_MAX, "");
  if (body.problems.length > 0) return badBody(refuse, body.problems);
  return answered(await view.rollBack(author === "" ? "api" : author), refuse);
}

function badBody(refuse: Refuse, errors: readonly unknown[] = []): Response {
  const detail = "cannot use the body: want a JSON object of known fields";
  return refuse({ kind: "bad-body", detail, extensions: { errors } });
}

function answered(answer: UpdateAnswer, refuse: Refuse): Response {
  if (answer.kind === "started") return Response.json({ status: "started" }, { status: 202 });
  return refuse({ kind: "update-refused", detail: `cannot do it: ${answer.reason}` });
}
