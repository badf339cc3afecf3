/** `update check|apply|rollback|status`: new releases of the program. */

import { isTrouble } from "../../domain/update.ts";
import { createClock } from "../../io/clock.ts";
import type { UpdateBody } from "../../io/http/update-view.ts";
import type { Answer } from "../agent-client.ts";
import { ask } from "../agent-client.ts";
import type { CommandInput } from "../command.ts";
import { EXIT, UsageError } from "../command.ts";
import { author } from "../failover-client.ts";
import { socketPath } from "../socket-path.ts";
import { rollBackOffline, showMemory } from "./offline.ts";
import { progressLine, updateLines } from "./text.ts";

const URL = "/api/v1/update";
/** Asking a server over a slow link. */
const CHECK_TIMEOUT_MS = 120_000;
const POLL_MS = 250;
/** An agent that is being replaced does not answer for a moment. */
const AWAY_MAX_MS = 60_000;
/** Nothing is being done any more: the agent was restarted in the middle. */
const IDLE_MAX_MS = 5_000;

export async function manageUpdates(input: CommandInput): Promise<number> {
  const [verb, ...rest] = input.operands;
  if (rest.length > 0) throw new UsageError("want one of check, apply, rollback and status");
  const socket = await socketPath(input);
  switch (verb) {
    case "check":
      return check(socket, input);
    case "apply":
      return apply(socket, input);
    case "rollback":
      return rollBack(socket, input);
    case "status":
      return showState(socket, input);
    default:
      throw new UsageError("want check, apply, rollback or status");
  }
}

async function check(socket: string, input: CommandInput): Promise<number> {
  const answer = await ask(socket, `${URL}/check`, { method: "POST", timeoutMs: CHECK_TIMEOUT_MS });
  if (answer.kind === "failed") return fail(answer);
  const body = answer.body as UpdateBody; // the same program answers
  show(body, input);
  const { last_check: last } = body;
  if (last?.outcome === "refused" || last?.outcome === "failed") return EXIT.failure;
  return body.available === null ? EXIT.ok : EXIT.degraded;
}

async function apply(socket: string, input: CommandInput): Promise<number> {
  const before = await stateOf(socket);
  if (before.kind === "failed") return fail(before);
  const last = lastNumber(before.body);
  const options = { method: "POST", timeoutMs: CHECK_TIMEOUT_MS } as const;
  const asked = { any_path: input.flag("any-path") };
  const answer = await ask(socket, `${URL}/apply`, { ...options, body: asked });
  if (answer.kind === "failed") {
    const isCurrent = answer.message.includes("the running release is the newest");
    if (!isCurrent) return fail(answer);
    console.log(
      input.flag("json") ? JSON.stringify(before.body) : "the running release is the newest",
    );
    return EXIT.ok;
  }
  const ends = input.flag("wait") ? ["committed"] : ["installed", "committed"];
  return follow(socket, input, { after: last, ends });
}

interface Awaited {
  /** Number of the last step that is old news. */
  readonly after: number;
  readonly ends: readonly string[];
}

/** Shows how it goes until it ends well or badly. */
async function follow(
  socket: string,
  input: CommandInput,
  { after, ends }: Awaited,
): Promise<number> {
  const clock = createClock();
  const isTerminal = process.stderr.isTTY === true && !input.flag("json");
  let answeredAt = clock.wall();
  let busyAt = clock.wall();
  for (;;) {
    const answer = await stateOf(socket);
    if (answer.kind === "failed") {
      if (clock.wall() - answeredAt > AWAY_MAX_MS) return fail(answer);
    } else {
      answeredAt = clock.wall();
      const { body } = answer;
      const end = body.steps.find(
        ({ number, step }) => number > after && (ends.includes(step) || isTrouble(step)),
      );
      if (body.activity !== "idle") busyAt = clock.wall();
      const isOver = answeredAt - busyAt > IDLE_MAX_MS;
      const hasFailed =
        end === undefined &&
        (isOver || (body.activity === "idle" && body.last_check?.outcome === "failed"));
      if (isTerminal) process.stderr.write(`\r\u001b[K${progressLine(body)}`);
      if (end !== undefined || hasFailed) {
        if (isTerminal) process.stderr.write("\r\u001b[K");
        show(body, input);
        return end === undefined || isTrouble(end.step) ? EXIT.failure : EXIT.ok;
      }
    }
    await Bun.sleep(POLL_MS);
  }
}

async function rollBack(socket: string, input: CommandInput): Promise<number> {
  const before = await stateOf(socket);
  if (before.kind === "failed") {
    return before.exitCode === EXIT.notRunning ? rollBackOffline(socket, input) : fail(before);
  }
  const options = { method: "POST", body: { author: author(process.env).slice(0, 64) } } as const;
  const answer = await ask(socket, `${URL}/rollback`, options);
  if (answer.kind === "failed") return fail(answer);
  return follow(socket, input, { after: lastNumber(before.body), ends: ["restored"] });
}

async function showState(socket: string, input: CommandInput): Promise<number> {
  const answer = await stateOf(socket);
  if (answer.kind === "failed") {
    return answer.exitCode === EXIT.notRunning ? showMemory(answer.message, input) : fail(answer);
  }
  show(answer.body, input);
  const last = answer.body.steps.at(-1);
  const refused = answer.body.last_check?.outcome === "refused";
  return refused || (last !== undefined && isTrouble(last.step)) ? EXIT.degraded : EXIT.ok;
}

type State =
  | { readonly kind: "ok"; readonly body: UpdateBody }
  | Extract<Answer, { kind: "failed" }>;

async function stateOf(socket: string): Promise<State> {
  const answer = await ask(socket, URL);
  if (answer.kind === "failed") return answer;
  return { kind: "ok", body: answer.body as UpdateBody }; // the same program answers
}

function lastNumber({ steps }: UpdateBody): number {
  return steps.at(-1)?.number ?? 0;
}

function show(body: UpdateBody, input: CommandInput): void {
  console.log(input.flag("json") ? JSON.stringify(body) : updateLines(body).join("\n"));
}

function fail({ message, exitCode }: Extract<Answer, { kind: "failed" }>): number {
  console.error(message);
  return exitCode;
}
