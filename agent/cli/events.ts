/** `events`: the last failover events, and those that follow. */

import { ask } from "./agent-client.ts";
import type { CommandInput } from "./command.ts";
import { EXIT, numberOption } from "./command.ts";
import { fail, findPolicy } from "./failover-client.ts";
import { when } from "./policy-text.ts";
import { socketPath } from "./socket-path.ts";
import { paramsOf } from "./span-options.ts";

/** As the API sends it. */
export interface EventLine {
  readonly event_id: number;
  readonly policy_id: number;
  readonly event_type: string;
  readonly from_path_id: string | null;
  readonly to_path_id: string | null;
  readonly reason: string;
  readonly timestamp_ms: number;
  readonly family: number | null;
  readonly duration_ms: number | null;
}

interface EventPage {
  readonly events: readonly EventLine[];
  readonly next_cursor: number | null;
}

type Filter = Readonly<Record<string, string | number | null>>;

const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 1_000;
const POLL_MS = 500;

export async function showEvents(input: CommandInput): Promise<number> {
  const limit = numberOption(input, "limit", LIMIT_DEFAULT, { min: 1, max: LIMIT_MAX });
  const socket = await socketPath(input);
  const filter = await filterOf(socket, input);
  if ("kind" in filter) return fail(filter);
  const answer = await ask(socket, urlOf({ ...filter.filter, limit }));
  if (answer.kind === "failed") return fail(answer);
  const { events } = answer.body as EventPage; // the same program answers
  for (const event of events.toReversed()) print(event, input.flag("json"));
  if (!input.flag("follow")) return EXIT.ok;
  return follow(socket, filter.filter, events[0]?.event_id ?? 0, input.flag("json"));
}

async function filterOf(socket: string, input: CommandInput) {
  const filter = { type: input.text("type") ?? null, path: input.text("path") ?? null };
  const wanted = input.text("policy");
  if (wanted === undefined) return { filter };
  // Events outlive their policy: a number needs no policy that exists.
  if (/^\d+$/.test(wanted)) return { filter: { ...filter, policy_id: wanted } };
  const found = await findPolicy(socket, wanted);
  if (found.kind === "failed") return found;
  return { filter: { ...filter, policy_id: found.value.policy_id } };
}

function urlOf(params: Filter): string {
  return `/api/v1/failover/events${paramsOf(params)}`;
}

/** Until it is interrupted. An agent that is being restarted is waited for. */
async function follow(
  socket: string,
  filter: Filter,
  after: number,
  isJson: boolean,
): Promise<number> {
  let cursor = after;
  let isLost = false;
  for (;;) {
    await Bun.sleep(POLL_MS);
    const answer = await ask(socket, urlOf({ ...filter, order: "oldest-first", cursor }));
    if (answer.kind === "failed") {
      if (answer.exitCode !== EXIT.notRunning) return fail(answer);
      if (!isLost) console.error("the agent does not answer: waiting for it");
      isLost = true;
      continue;
    }
    isLost = false;
    const { events } = answer.body as EventPage; // the same program answers
    for (const event of events) print(event, isJson);
    cursor = events.at(-1)?.event_id ?? cursor;
  }
}

function print(event: EventLine, isJson: boolean): void {
  console.log(isJson ? JSON.stringify(event) : eventText(event));
}

/** One line: time, policy, what, from where to where, why, how long it took. */
export function eventText(event: EventLine): string {
  const { policy_id, event_type, from_path_id, to_path_id, family, reason, duration_ms } = event;
  const version = family === null ? "" : ` IPv${family}`;
  const move =
    to_path_id === null ? (from_path_id ?? "") : `${from_path_id ?? "?"} -> ${to_path_id}`;
  const took = duration_ms === null ? "" : ` (${duration_ms.toFixed(2)} ms)`;
  const parts = [when(event.timestamp_ms / 1_000), `policy ${policy_id}${version}`, event_type];
  return [...parts, move, `${reason}${took}`].filter((part) => part !== "").join("  ");
}
