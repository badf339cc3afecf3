/** Requests to the running agent over its unix socket. */

import { existsSync } from "node:fs";
import { EXIT } from "./command.ts";

export type Answer =
  | { readonly kind: "ok"; readonly body: unknown }
  | { readonly kind: "failed"; readonly message: string; readonly exitCode: number };

const TIMEOUT_MS = 5_000;

/** The agent takes no body without a type, not even an empty one. */
const JSON_BODY = { body: "{}", headers: { "content-type": "application/json" } } as const;

export interface AskOptions {
  readonly method?: "GET" | "POST";
  readonly timeoutMs?: number;
}

/** A request to the API, GET by default. Faults are values with the exit code they lead to. */
export async function ask(
  socket: string,
  path: string,
  { method = "GET", timeoutMs = TIMEOUT_MS }: AskOptions = {},
): Promise<Answer> {
  if (!existsSync(socket)) {
    return notRunning(`cannot reach the agent: there is no socket at ${socket}`);
  }
  try {
    const response = await fetch(`http://localhost${path}`, {
      method,
      ...(method === "POST" ? JSON_BODY : {}),
      unix: socket,
      signal: AbortSignal.timeout(timeoutMs),
    });
    const body: unknown = await response.json();
    if (response.ok) return { kind: "ok", body };
    return { kind: "failed", message: problemText(body, response.status), exitCode: EXIT.failure };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return notRunning(`cannot reach the agent at ${socket}: ${reason}`);
  }
}

function notRunning(message: string): Answer {
  const advice = "is it running? (patronus-agent run; --socket names another socket)";
  return { kind: "failed", message: `${message}\n${advice}`, exitCode: EXIT.notRunning };
}

function problemText(body: unknown, status: number): string {
  if (typeof body === "object" && body !== null && "title" in body) {
    const detail = "detail" in body ? `: ${String(body.detail)}` : "";
    return `${String(body.title)}${detail}`;
  }
  return `the agent answered ${status}`;
}
