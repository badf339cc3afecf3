/** `queue`: what waits for collectors and channels, and what they refused, in their words. */

import type { DeadLetter, DestinationState } from "../controller/queue/ports.ts";
import { ask } from "./agent-client.ts";
import type { CommandInput } from "./command.ts";
import { EXIT } from "./command.ts";
import { fail } from "./failover-client.ts";
import { when } from "./policy-text.ts";
import { socketPath } from "./socket-path.ts";

interface QueueBody {
  readonly is_open: boolean;
  readonly fault: string | null;
  readonly destinations: readonly DestinationState[];
  readonly dead_letters: readonly DeadLetter[];
}

export async function showQueue(input: CommandInput): Promise<number> {
  const answer = await ask(await socketPath(input), "/api/v1/queue");
  if (answer.kind === "failed") return fail(answer);
  const body = answer.body as QueueBody; // the same program answers
  if (input.flag("json")) console.log(JSON.stringify(body));
  else console.log(queueLines(body).join("\n"));
  return EXIT.ok;
}

export function queueLines({ is_open, fault, destinations, dead_letters }: QueueBody): string[] {
  if (!is_open) return ["nothing is pushed: otlp and alerts.channels are empty"];
  return [
    ...(fault === null ? [] : [`not stored: ${fault}`]),
    ...destinations.flatMap(destinationLines),
    ...dead_letters.map(letterLine),
  ];
}

function destinationLines(one: DestinationState): string[] {
  const lost = Object.entries(one.dropped).filter(([, count]) => count > 0);
  const dropped = lost.map(([reason, count]) => `${count} dropped (${reason})`);
  const refused = one.rejected > 0 ? [`${one.rejected} points refused`] : [];
  const counts = [`${one.delivered} delivered`, ...refused, ...dropped].join(", ");
  const head = `${one.name}: ${one.state}, ${counts}`;
  if (one.items === 0) return [head];
  const age =
    one.oldest_age_secs === null ? "" : `, the oldest ${Math.round(one.oldest_age_secs)} s old`;
  const size = `${(one.bytes / 1e3).toFixed(1)} kB, ${one.stored_items} on disk`;
  const next =
    one.next_attempt_secs === null
      ? ""
      : `; next attempt in ${Math.round(one.next_attempt_secs)} s`;
  const why = one.last_error === null ? "" : `: ${one.last_error}`;
  return [head, `  ${one.items} wait (${size}${age})${next}${why}`];
}

function letterLine({ destination, failed_at_ms, status, answer, count }: DeadLetter): string {
  const code = status === null ? "" : ` ${status}`;
  const times = count === 1 ? "" : ` (${count} times)`;
  return `refused for good by ${destination} at ${when(failed_at_ms / 1_000)}${times}:${code} ${answer}`;
}
