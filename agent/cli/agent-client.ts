/** Requests to the running agent over its unix socket. */

import { existsSync } from "node:fs";
import { EXIT } from "./command.ts";

export type Answer =
  | { readonly kind: "ok"; readonly body: unknown }
  | { readonly kind: "failed"; readonly message: string; readonly exitCode: number };

const TIMEOUT_MS = 5_000;

/** The agent takes no write without a type, not even an empty one. */
const JSON_TYPE = { "content-type": "application/json" } as const;

export interface AskOptions {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  /** Of a write. */
  readonly body?: object;
  readonly timeoutMs?: number;
}

/** A request to the API, GET by default. Faults are values with the exit code they lead to. */
export async function ask(
  socket: string,
  path: string,
  { method = "GET", body: sent = {}, timeoutMs = TIMEOUT_MS }: AskOptions = {},
): Promise<Answer> {
  if (!existsSync(socket)) {
    return notRunning(`cannot reach the agent: there is no socket at ${socket}`);
  }
  try {
    const response = await fetch(`http://localhost${path}`, {
      method,
      ...(method === "GET" ? {} : { body: JSON.stringify(sent), headers: JSON_TYPE }),
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
    return `${String(body.title)}${detail}${fieldText(body)}`;
  }
  return `the agent answered ${status}`;
}

/** A line per field or parameter that is wrong. */
function fieldText(body: object): string {
  if (!("errors" in body) || !Array.isArray(body.errors)) return "";
  const lines = body.errors.map((error: unknown) => {
    const entries = new Map(
      Object.entries(typeof error === "object" && error !== null ? error : {}),
    );
    const name = entries.get("field") ?? entries.get("parameter") ?? "";
    return `\n  ${String(name)}: ${String(entries.get("message") ?? "")}`;
  });
  return lines.join("");
}
