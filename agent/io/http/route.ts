/** What a route is, for the app and for those who bring some of theirs. */

import type { Context } from "hono";
import type { Transport } from "./guard.ts";
import type { Problem } from "./problem.ts";

export interface HttpEnvironment {
  /** `client`: address of the other end over TCP; without one nothing is limited. */
  Bindings: { readonly transport: Transport; readonly client?: string };
}

export type HttpContext = Context<HttpEnvironment>;
export type Handler = (context: HttpContext) => Response | Promise<Response>;

export interface Route {
  readonly path: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly handle: Handler;
}

export type Refuse = (problem: Problem) => Response;
