/** What the HTTP surface may see of the agent: values of the moment, and the cache itself. */

import type { AgentConfig } from "../domain/config.ts";
import { pathId } from "../domain/ids.ts";
import { planRetention } from "../domain/retention.ts";
import type { Status } from "../domain/status.ts";
import type { UnixSeconds } from "../domain/units.ts";
import { US_PER_S, unixSeconds } from "../domain/units.ts";
import { GIT, TARGET, VERSION } from "../domain/version.ts";
import type { AgentStatus, AgentView, PathLabels, Readiness } from "../io/http/view.ts";
import type { Scorer } from "../scoring/scorer.ts";
import type { ProcessReport } from "../wire/frame.ts";
import type { Aggregator } from "./aggregator.ts";
import type { AppliedPlan } from "./current-plan.ts";
import type { Driver } from "./driver.ts";
import type { HealthReader } from "./health-reader.ts";
import type { MemoryWatch } from "./memory-watch.ts";
import type { Clock, Journal, ProcessUsage } from "./ports.ts";
import type { DeadLetter, QueueState } from "./queue/ports.ts";

export interface ViewParts {
  readonly clock: Clock;
  readonly scorer: Scorer;
  readonly driver: Driver;
  readonly health: HealthReader;
  readonly journal: Journal;
  readonly aggregator: Aggregator;
  status(path: number): Status;
  processes(): ProcessReport | null;
  requestReload(): void;
  current(): AppliedPlan;
  readonly telemetry: {
    readonly state: QueueState | null;
    readonly deadLetters: readonly DeadLetter[];
  };
  /** null: there is no such process. */
  usage(pid: number): ProcessUsage | null;
  readonly memory: Pick<MemoryWatch, "room">;
  /** Of listeners, routes and whatever else is composed. */
  problems(): readonly string[];
}

export function createView(parts: ViewParts): AgentView {
  const startedUs = parts.clock.monotonic();
  const started = wallSeconds(parts.clock);
  const labels = new LabelCache();
  return {
    metrics: {
      get paths() {
        return labels.of(parts.current());
      },
      scorer: parts.scorer,
      status: (row) => parts.status(row),
    },
    snapshot: () => ({ timestamp: wallSeconds(parts.clock), paths: parts.health.all() }),
    path: (id) => parts.health.one(id),
    history: (query) =>
      parts.current().config.paths.some(({ id }) => id === query.path)
        ? parts.journal.history(query)
        : { kind: "unknown-path" },
    buckets: (query) => parts.aggregator.buckets(query),
    aggregate: (path, query) => parts.aggregator.one(path, query),
    aggregates: (query) => {
      const paths = parts.current().config.paths.map(({ id }) => pathId(id));
      return parts.aggregator.all(paths, query);
    },
    backup: () => parts.journal.backup(),
    status: () => ({
      ...agentStatus(parts),
      started_at: started,
      uptime_secs: Math.floor((parts.clock.monotonic() - startedUs) / US_PER_S),
    }),
    deadLetters: () => parts.telemetry.deadLetters,
    ready: () => readiness(parts),
    reload() {
      parts.requestReload();
      return { kind: "requested" };
    },
  };
}

function wallSeconds(clock: Clock): UnixSeconds {
  return unixSeconds(clock.wall() / 1_000);
}

/** The same array until the plan changes: the exposition keeps escaped labels by its identity. */
class LabelCache {
  #revision = -1;
  #labels: readonly PathLabels[] = [];

  of({ config, plan, revision }: AppliedPlan): readonly PathLabels[] {
    if (revision === this.#revision) return this.#labels;
    this.#revision = revision;
    this.#labels = config.paths.map((path, row) => ({
      id: path.id,
      name: path.name,
      interface: path.interface,
      targets: path.targets.map(({ host }) => host),
      probes: path.targets.map(({ probe }) => probe.type),
      firstSeries: plan.layouts[row]?.firstSeries ?? 0,
      seriesCount: plan.layouts[row]?.seriesCount ?? 0,
    }));
    return this.#labels;
  }
}

function readiness(parts: ViewParts): Readiness {
  const reasons: string[] = [];
  if (!parts.driver.acknowledged) reasons.push("the worker has not taken the probe table yet");
  const known = parts.current().config.paths.some((_, row) => parts.status(row) !== "unknown");
  if (!known) reasons.push("no path has enough samples yet");
  return { ready: reasons.length === 0, reasons };
}

function agentStatus(parts: ViewParts): Omit<AgentStatus, "uptime_secs" | "started_at"> {
  const { config } = parts.current();
  return {
    version: VERSION,
    git: GIT,
    target: TARGET,
    runtime: `bun ${Bun.version}`,
    node: { id: config.node.id, site: config.node.site },
    config: configSummary(config),
    processes: parts.processes(),
    usage: usageOf(parts),
    memory: parts.memory.room,
    worker: {
      acknowledged: parts.driver.acknowledged,
      abilities: parts.driver.abilities,
      counters: parts.driver.counters,
      stale_frames: parts.driver.staleFrames,
    },
    store: {
      state: parts.journal.state,
      pending_rows: parts.journal.pending,
      dropped_rows: parts.journal.dropped,
      ...parts.journal.size,
      retention: planRetention(config),
    },
    queue: parts.telemetry.state,
    problems: problemsOf(parts),
  };
}

function usageOf({ processes, usage }: ViewParts): AgentStatus["usage"] {
  const report = processes();
  if (report === null) return {};
  const { supervisor_pid: supervisor, controller, worker } = report;
  const pids = { supervisor, controller: controller.pid, worker: worker.pid };
  return Object.fromEntries(
    Object.entries(pids).flatMap(([name, pid]) => {
      const used = pid === null ? null : usage(pid);
      return used === null ? [] : [[name, used]];
    }),
  );
}

function configSummary(config: AgentConfig): AgentStatus["config"] {
  const { origin, paths, policies } = config;
  return { origin, paths: paths.length, policies: policies.length };
}

function problemsOf(parts: ViewParts): string[] {
  const { journal, driver } = parts;
  return [
    ...(parts.processes()?.problems ?? []),
    ...(driver.abilities?.problems ?? []),
    ...parts.problems(),
    ...(journal.state.kind === "failing" ? [`history is not stored: ${journal.state.reason}`] : []),
  ];
}
