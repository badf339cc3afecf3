/** `status`: is the agent well, and what are its paths. */

import type { RetentionPlan } from "../domain/retention.ts";
import type { AgentStatus } from "../io/http/view.ts";
import { pathTable } from "../io/table.ts";
import type { ProcessState } from "../wire/frame.ts";
import { ask } from "./agent-client.ts";
import type { CommandInput } from "./command.ts";
import { EXIT } from "./command.ts";
import type { Snapshot } from "./paths.ts";
import { socketPath } from "./socket-path.ts";
import { useColor } from "./terminal.ts";

export async function showStatus(input: CommandInput): Promise<number> {
  const socket = await socketPath(input);
  const [status, snapshot] = await Promise.all([
    ask(socket, "/api/v1/status"),
    ask(socket, "/api/v1/health/snapshot"),
  ]);
  for (const answer of [status, snapshot]) {
    if (answer.kind !== "failed") continue;
    console.error(answer.message);
    return answer.exitCode;
  }
  if (status.kind === "failed" || snapshot.kind === "failed") return EXIT.failure;
  // The same program answers: the shapes are view.ts's.
  const agent = status.body as AgentStatus;
  const { paths } = snapshot.body as Snapshot;
  if (input.flag("json")) console.log(JSON.stringify({ ...agent, paths }));
  else console.log([...statusLines(agent), "", pathTable(paths, useColor())].join("\n"));
  const well = agent.problems.length === 0 && paths.every((path) => path.status === "up");
  return well ? EXIT.ok : EXIT.degraded;
}

export function statusLines(agent: AgentStatus): string[] {
  const { processes, worker, store } = agent;
  const stored = store.state.kind === "ok" ? "ok" : `failing (${store.state.reason})`;
  const stamps = worker.abilities === null ? "" : `, ${worker.abilities.stamps} time stamps`;
  return [
    `patronus-agent ${agent.version} (${agent.git}, ${agent.target}), up ${duration(agent.uptime_secs)}`,
    `node      ${agent.node.id}${agent.node.site === "" ? "" : ` at ${agent.node.site}`}`,
    `config    ${agent.config.origin}: ${agent.config.paths} paths, ${agent.config.policies} policies`,
    ...(processes === null
      ? []
      : [
          `processes controller ${processText(processes.controller)}, worker ${processText(processes.worker)}, ${processes.separation === "users" ? "own users" : "one user"}`,
        ]),
    `worker    ${worker.acknowledged ? "probing" : "not probing"}${stamps}`,
    `store     ${stored}, ${store.pending_rows} rows not written yet`,
    `history   ${keptText(store.retention)}`,
    ...agent.problems.map((problem) => `problem   ${problem}`),
  ];
}

function keptText(plan: RetentionPlan): string {
  const days = (seconds: number) => `${Math.round(seconds / 86_400)} d`;
  const cut = plan.shortened.length > 0 ? `; shortened to fit: ${plan.shortened.join(", ")}` : "";
  return (
    `checks ${days(plan.raw_secs)}, 5 min ${days(plan.rollup_5m_secs)}, ` +
    `hours ${days(plan.rollup_1h_secs)}, days ${days(plan.rollup_1d_secs)}, ` +
    `at most ${plan.budget_mb} MB${cut}`
  );
}

function processText(state: ProcessState): string {
  const restarts = state.restarts === 0 ? "" : `, ${state.restarts} restarts (${state.last_exit})`;
  return state.pid === null ? `not running${restarts}` : `pid ${state.pid}${restarts}`;
}

/** 3 d 4 h, 2 h 5 min, 7 min, 12 s. */
export function duration(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor((seconds % 86_400) / 3_600);
  const minutes = Math.floor((seconds % 3_600) / 60);
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min` : `${Math.floor(seconds)} s`;
}
