/** `alerts`: what is wrong and how the channels are, what was told, and a test of a channel. */

import type { AlertBody, ChannelBody, MessageBody, TestBody } from "../io/http/alerts-view.ts";
import { ask } from "./agent-client.ts";
import type { CommandInput } from "./command.ts";
import { EXIT, numberOption, UsageError } from "./command.ts";
import { fail } from "./failover-client.ts";
import { when } from "./policy-text.ts";
import { socketPath } from "./socket-path.ts";

const LIMIT = { min: 1, max: 1_000 };
/** The agent gives a channel a minute at most. */
const TEST_TIMEOUT_MS = 65_000;

export async function manageAlerts(input: CommandInput): Promise<number> {
  const [verb = "list", channel, ...rest] = input.operands;
  if (rest.length > 0)
    throw new UsageError(`cannot use ${JSON.stringify(rest[0])}: too many words`);
  switch (verb) {
    case "list":
      if (channel === undefined) return listAlerts(input);
      break;
    case "history":
      if (channel === undefined) return showHistory(input);
      break;
    case "test":
      if (channel === undefined) throw new UsageError("name the channel: alerts test CHANNEL");
      return testChannel(input, channel);
  }
  const words = [verb, channel].filter((word) => word !== undefined).join(" ");
  throw new UsageError(`cannot do ${JSON.stringify(words)}: want list, history or test CHANNEL`);
}

async function listAlerts(input: CommandInput): Promise<number> {
  const answer = await ask(await socketPath(input), "/api/v1/alerts");
  if (answer.kind === "failed") return fail(answer);
  // The same program answers.
  const body = answer.body as { alerts: readonly AlertBody[]; channels: readonly ChannelBody[] };
  if (input.flag("json")) {
    console.log(JSON.stringify(body));
    return EXIT.ok;
  }
  if (body.channels.length === 0) console.log("nobody is told: alerts.channels is empty");
  else console.log(alertLines(body.alerts).join("\n"));
  for (const line of channelLines(body.channels)) console.log(line);
  return EXIT.ok;
}

export function alertLines(alerts: readonly AlertBody[]): string[] {
  if (alerts.length === 0) return ["no alert"];
  return alerts.flatMap(({ state, severity, summary, started_at_ms, consequences }) => [
    `${state.padEnd(8)} ${severity.padEnd(8)} since ${when(started_at_ms / 1_000)}  ${summary}`,
    ...consequences.map((text) => `${" ".repeat(18)}because of it: ${text}`),
  ]);
}

export function channelLines(channels: readonly ChannelBody[]): string[] {
  return channels.map(({ name, type, waiting, delivered, dropped, last_error }) => {
    const trouble = waiting > 0 && last_error !== null ? `: ${last_error}` : "";
    const counts = `${delivered} delivered, ${waiting} waiting, ${dropped} dropped`;
    return `channel  ${name} (${type}): ${counts}${trouble}`;
  });
}

async function showHistory(input: CommandInput): Promise<number> {
  const limit = numberOption(input, "limit", 20, LIMIT);
  const answer = await ask(await socketPath(input), `/api/v1/alerts/history?limit=${limit}`);
  if (answer.kind === "failed") return fail(answer);
  const { messages } = answer.body as { messages: readonly MessageBody[] }; // the same program
  for (const message of messages.toReversed()) {
    if (input.flag("json")) console.log(JSON.stringify(message));
    else for (const line of messageLines(message)) console.log(line);
  }
  return EXIT.ok;
}

export function messageLines({ created_at_ms, status, alerts }: MessageBody): string[] {
  return alerts.map(
    ({ severity, summary }) =>
      `${when(created_at_ms / 1_000)}  ${status.padEnd(8)} ${severity.padEnd(8)} ${summary}`,
  );
}

async function testChannel(input: CommandInput, channel: string): Promise<number> {
  const answer = await ask(await socketPath(input), "/api/v1/alerts/test", {
    method: "POST",
    body: { channel },
    timeoutMs: TEST_TIMEOUT_MS,
  });
  if (answer.kind === "failed") return fail(answer);
  const { outcome, detail } = answer.body as TestBody; // the same program answers
  if (input.flag("json")) console.log(JSON.stringify(answer.body));
  else console.log(`${channel}: ${outcome}${detail === "" ? "" : `: ${detail}`}`);
  return outcome === "delivered" ? EXIT.ok : EXIT.failure;
}
