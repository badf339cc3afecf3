/** `explain`: why traffic of a policy is where it is. */

import type { ExplanationBody, ObstacleBody } from "../io/http/failover-view.ts";
import type { Heading } from "../io/table.ts";
import { alignedLines } from "../io/table.ts";
import { ask } from "./agent-client.ts";
import type { CommandInput } from "./command.ts";
import { EXIT, UsageError } from "./command.ts";
import { fail, findPolicy, POLICIES } from "./failover-client.ts";
import { socketPath } from "./socket-path.ts";

export async function explainPolicy(input: CommandInput): Promise<number> {
  const [wanted, second] = input.operands;
  if (wanted === undefined || second !== undefined) throw new UsageError("want one POLICY");
  const socket = await socketPath(input);
  const found = await findPolicy(socket, wanted);
  if (found.kind === "failed") return fail(found);
  const family = input.flag("ipv6") ? "?family=6" : "";
  const { policy_id, name } = found.value;
  const answer = await ask(socket, `${POLICIES}/${policy_id}/explain${family}`);
  if (answer.kind === "failed") return fail(answer);
  const explanation = answer.body as ExplanationBody; // the same program answers
  if (input.flag("json")) console.log(JSON.stringify(explanation));
  else console.log(explanationText(explanation, name).join("\n"));
  return EXIT.ok;
}

const HEADINGS: readonly Heading[] = [
  { heading: "PATH", align: "left" },
  { heading: "SCORE", align: "right" },
  { heading: "STATE", align: "left" },
  { heading: "FAILURES", align: "right" },
  { heading: "STILL NEEDS", align: "left" },
];

export function explanationText(one: ExplanationBody, name: string): string[] {
  const active = one.active_path_id ?? "not known";
  const head = `policy ${one.policy_id} ${name}, IPv${one.family}: active path ${active}`;
  const rows = one.paths.map((path) => [
    `${path.path_id}${path.is_active ? " *" : ""}`,
    path.health_score === null ? "-" : path.health_score.toFixed(1),
    path.hard_down === null
      ? path.is_usable
        ? "usable"
        : "not usable"
      : `down: ${path.hard_down}`,
    String(path.failures),
    path.obstacles.map(obstacleText).join(", ") || "-",
  ]);
  const table = alignedLines(HEADINGS, rows);
  return [head, ...decisionLines(one), ...standing(one), "", ...table];
}

function decisionLines({ decision, to_path_id, reason, sentences }: ExplanationBody): string[] {
  const lines = sentences.map((sentence) => `  ${sentence}`);
  switch (decision) {
    case "move":
      return [`moves to ${to_path_id ?? "?"}: ${reason ?? ""}`, ...lines];
    case "nowhere":
      return [`nowhere to go: ${reason ?? ""}`, ...lines];
    case "stay":
      return [lines.length === 0 ? "stays: nothing asks for a move" : "stays:", ...lines];
  }
}

function standing({ pin, hold }: ExplanationBody): string[] {
  const lines: string[] = [];
  if (pin !== null) lines.push(`pinned to ${pin.path_id} (${pin.mode}) by ${pin.author}`);
  if (hold !== null) lines.push(`held${hold.strict ? " strictly" : ""} by ${hold.author}`);
  return lines;
}

function obstacleText({ kind, remaining_secs }: ObstacleBody): string {
  return remaining_secs === null ? kind : `${kind} ${Math.ceil(remaining_secs)} s`;
}
