/** The app with a failover behind it, and requests to it as a test writes them. */

import type { HttpApp } from "../../agent/io/http/app.ts";
import { createApp } from "../../agent/io/http/app.ts";
import { OPENAPI } from "../../agent/io/http/openapi.ts";
import { FakeClock } from "./fake-clock.ts";
import type { FakeFailoverView } from "./fake-failover-view.ts";
import { FakeLog } from "./fake-log.ts";
import { FakeView } from "./fake-view.ts";

export const TOKEN = "secret-token";
export const ROOT = "/api/v1/failover";

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export async function answerOf(response: Response): Promise<Answer> {
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

export function failoverApp(failover: FakeFailoverView | undefined): HttpApp {
  return createApp(new FakeView(), {
    listen: "127.0.0.1:9477",
    token: TOKEN,
    anonymousRead: false,
    allowedHosts: [],
    clock: new FakeClock(),
    log: new FakeLog(),
    failover,
  });
}

export async function get(app: HttpApp, path: string): Promise<Answer> {
  return answerOf(await app.request(path));
}

export interface Sent {
  readonly method: string;
  readonly path: string;
  /** Text is sent as it is. */
  readonly body?: unknown;
  /** Default: unix. */
  readonly transport?: "tcp" | "unix";
  readonly token?: string;
}

export async function send(app: HttpApp, sent: Sent): Promise<Answer> {
  const { method, path, body = {}, transport = "unix", token } = sent;
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const headers = new Headers({ "content-type": "application/json" });
  if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
  return answerOf(await app.request(path, { method, body: text, headers }, { transport }));
}

/** Members that the document says an object has. */
export function members(name: string): string[] {
  const schemas: Record<string, unknown> = OPENAPI.components.schemas;
  return [...(schemas[name] as { required: readonly string[] }).required].sort();
}
