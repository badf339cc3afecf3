/** `switch`, `pin`, `unpin`, `hold`, `release`, `maintenance`, and enabling of policies. */

import { DURATION_FORM, parseDuration } from "../config/duration.ts";
import type { PolicyBody } from "../io/http/failover-view.ts";
import type { AskOptions } from "./agent-client.ts";
import { ask } from "./agent-client.ts";
import type { CommandInput } from "./command.ts";
import { EXIT, UsageError } from "./command.ts";
import { author, fail, findPolicy, POLICIES } from "./failover-client.ts";
import { policyLine } from "./policy-text.ts";
import { socketPath } from "./socket-path.ts";

export async function giveOrder(name: string, input: CommandInput): Promise<number> {
  if (name === "maintenance") return maintain(input);
  const [policy, path, ...rest] = input.operands;
  const wantsPath = name === "switch" || name === "pin";
  if (policy === undefined || (path === undefined) === wantsPath || rest.length > 0) {
    throw new UsageError(wantsPath ? "want POLICY and PATH" : "want one POLICY");
  }
  const fields = { ...(wantsPath ? { path_id: path } : {}), ...modeFields(name, input) };
  return orderPolicy({ name, policy, fields }, input);
}

export interface PolicyOrder {
  /** As the API names it. */
  readonly name: string;
  /** Number or name. */
  readonly policy: string;
  readonly fields: object;
}

export async function orderPolicy(order: PolicyOrder, input: CommandInput): Promise<number> {
  const body = { ...order.fields, ...signature(input) };
  const socket = await socketPath(input);
  const found = await findPolicy(socket, order.policy);
  if (found.kind === "failed") return fail(found);
  const path = `${POLICIES}/${found.value.policy_id}/${order.name}`;
  const answer = await ask(socket, path, { method: "POST", body });
  if (answer.kind === "failed") return fail(answer);
  const policy = answer.body as PolicyBody; // the same program answers
  console.log(input.flag("json") ? JSON.stringify(policy) : policyLine(policy));
  return EXIT.ok;
}

async function maintain(input: CommandInput): Promise<number> {
  const [path, state, ...rest] = input.operands;
  if (path === undefined || (state !== "on" && state !== "off") || rest.length > 0) {
    throw new UsageError("want PATH and on or off");
  }
  const isOn = state === "on";
  const expires = expiry(input);
  if (!isOn && expires !== null) throw new UsageError("cannot use --for with off");
  const body = { ...(expires === null ? {} : { expires_secs: expires }), ...signature(input) };
  const options: AskOptions = { method: isOn ? "PUT" : "DELETE", body };
  const url = `/api/v1/paths/${encodeURIComponent(path)}/maintenance`;
  const answer = await ask(await socketPath(input), url, options);
  if (answer.kind === "failed") return fail(answer);
  const text = isOn ? `${path} is in maintenance` : `${path} may be used again`;
  console.log(input.flag("json") ? JSON.stringify(answer.body) : text);
  return EXIT.ok;
}

function modeFields(name: string, input: CommandInput): object {
  const expires = expiry(input);
  const ending = expires === null ? {} : { expires_secs: expires };
  if (name === "pin") return { mode: input.flag("strict") ? "strict" : "safe", ...ending };
  return name === "hold" ? { strict: input.flag("strict"), ...ending } : {};
}

function signature(input: CommandInput): object {
  return { author: author(process.env).slice(0, 64), reason: input.text("reason") ?? "" };
}

/** Seconds; null: it stays. Throws UsageError. */
export function expiry(input: CommandInput): number | null {
  const text = input.text("for");
  if (text === undefined) return null;
  const seconds = parseDuration(text);
  if (seconds !== null && seconds > 0) return seconds;
  throw new UsageError(`cannot use --for ${JSON.stringify(text)}: want ${DURATION_FORM}`);
}
