/**
 * The metrics about the agent itself: build, processes, worker, store, the scrape. A few dozen
 * lines, so they are plain strings. What is not known is an absent line here too.
 */

import type { ProcessUsage } from "../../../controller/ports.ts";
import type { ReflectorCounters } from "../../../domain/reflector.ts";
import type { ProcessReport, ProcessState, WorkerCounters } from "../../../wire/frame.ts";
import type { AgentStatus } from "../view.ts";
import type { Family, MetricKind } from "./families.ts";
import { familyHeader } from "./families.ts";
import { escapeLabel } from "./label-arena.ts";

export interface OwnFacts {
  readonly status: AgentStatus;
  readonly ready: boolean;
  /** Seconds the previous scrape took; null before the first. */
  readonly scrapeSeconds: number | null;
}

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [Labels, number];

const PREFIX = "patronus_agent_";

type WorkerCount = Exclude<keyof WorkerCounters, "reflector">;

const WORKER_COUNTERS: Readonly<Record<WorkerCount, readonly [string, string]>> = {
  sent: ["worker_probes_sent_total", "Probes sent since the worker's start."],
  received: ["worker_packets_received_total", "Packets read from probe sockets."],
  foreign: ["worker_packets_foreign_total", "Packets that answered no probe of ours."],
  frames_held: ["worker_frames_held_total", "Frames that waited for room in the channel."],
  records_dropped: ["worker_records_dropped_total", "Outcomes lost because the channel was full."],
  stalls: ["worker_stalls_total", "Spans in which the worker did not run."],
  wakeups: ["worker_wakeups_total", "Times the worker woke up."],
};

const RESULTS = [
  "reflected",
  "refused",
  "limited",
  "malformed",
  "unauthenticated",
  "unsent",
] as const satisfies readonly (keyof ReflectorCounters)[];

interface OwnFamily extends Family {
  readonly samples: readonly Sample[];
}

export function ownMetrics(facts: OwnFacts, openMetrics: boolean): string {
  const { processes, worker } = facts.status;
  const families = [
    ...agentFamilies(facts),
    ...storeFamilies(facts.status.store),
    ...(processes === null ? [] : processFamilies(processes)),
    ...usageFamilies(facts.status.usage),
    ...memoryFamilies(facts.status.memory),
    ...(worker.counters === null ? [] : workerFamilies(worker.counters)),
    ...reflectorFamilies(worker.counters?.reflector ?? null),
  ];
  return families.map((family) => familyText(family, openMetrics)).join("");
}

function agentFamilies({ status, ready, scrapeSeconds }: OwnFacts): OwnFamily[] {
  const { version, git, target, runtime, worker, store } = status;
  const build = { version, revision: git, target, runtime };
  const families = [
    family("build_info", "info", "What runs.", [[build, 1]]),
    gauge("start_time_seconds", "When the agent started, Unix time.", status.started_at),
    gauge("ready", "1 when results of the current configuration exist.", Number(ready)),
    gauge("problems", "Problems that the status names.", status.problems.length),
    gauge("worker_acknowledged", "1 when it probes by the current table.", +worker.acknowledged),
    counter("worker_frames_stale_total", "Frames of an earlier table.", worker.stale_frames),
    gauge("store_up", "1 when the database takes rows.", Number(store.state.kind === "ok")),
  ];
  if (scrapeSeconds === null) return families;
  const help = "Time the previous scrape took.";
  return [...families, gauge("scrape_duration_seconds", help, scrapeSeconds)];
}

function storeFamilies(store: AgentStatus["store"]): OwnFamily[] {
  const { state, pending_rows, dropped_rows, octets, wal_octets } = store;
  const states = ["ok", "failing"] as const;
  const family = (name: string, kind: MetricKind, help: string, samples: Sample[]) => ({
    ...{ name: `patronus_store_${name}`, kind, help, samples },
  });
  const size = (name: string, help: string, value: number | null) =>
    value === null ? [] : [family(name, "gauge", help, [[{}, value]])];
  return [
    ...size("bytes", "Size of the history database.", octets),
    ...size("wal_bytes", "Size of its write-ahead log.", wal_octets),
    family("pending_rows", "gauge", "Rows not yet on disk.", [[{}, pending_rows]]),
    family("dropped_rows_total", "counter", "Rows that never reached the disk.", [
      [{}, dropped_rows],
    ]),
    family(
      "state",
      "gauge",
      "1 for the state that the history is in.",
      states.map((name): Sample => [{ state: name }, Number(state.kind === name)]),
    ),
  ];
}

function processFamilies({ controller, worker }: ProcessReport): OwnFamily[] {
  const both = [
    { labels: { process: "controller" }, state: controller },
    { labels: { process: "worker" }, state: worker },
  ];
  const samples = (value: (state: ProcessState) => number) =>
    both.map(({ labels, state }): Sample => [labels, value(state)]);
  const restarts = "Times the supervisor started the process again.";
  return [
    family(
      "process_up",
      "gauge",
      "1 while the process runs.",
      samples(({ pid }) => (pid === null ? 0 : 1)),
    ),
    family(
      "process_restarts_total",
      "counter",
      restarts,
      samples((state) => state.restarts),
    ),
  ];
}

function usageFamilies(usage: AgentStatus["usage"]): OwnFamily[] {
  const samples = (value: (used: ProcessUsage) => number) =>
    Object.entries(usage).map(([name, used]): Sample => [{ process: name }, value(used)]);
  const [cpu, memory] = [
    "Processor time of the process.",
    "Resident memory, shared pages included.",
  ];
  const faults = "Pages of the process that had to be read from the disk.";
  if (Object.keys(usage).length === 0) return [];
  return [
    family(
      "process_cpu_seconds_total",
      "counter",
      cpu,
      samples((used) => used.cpu_seconds),
    ),
    family(
      "process_resident_memory_bytes",
      "gauge",
      memory,
      samples((used) => used.resident_bytes),
    ),
    family(
      "process_major_faults_total",
      "counter",
      faults,
      samples((used) => used.major_faults),
    ),
  ];
}

function memoryFamilies(memory: AgentStatus["memory"]): OwnFamily[] {
  if (memory === null) return [];
  const { limit_bytes: limit, available_bytes: available } = memory;
  return [
    gauge("memory_limit_bytes", "Memory of the machine or the tightest control group.", limit),
    gauge("memory_available_bytes", "What is left of it, idle page cache included.", available),
  ];
}

/** They come from another process: what is no number is left out. */
function workerFamilies(counters: WorkerCounters): OwnFamily[] {
  return Object.entries(WORKER_COUNTERS).flatMap(([key, [name, help]]) => {
    const value = counters[key as WorkerCount];
    return Number.isFinite(value) ? [counter(name, help, value)] : [];
  });
}

/** One sample per result; they sum up to the requests received. */
function reflectorFamilies(counters: ReflectorCounters | null): OwnFamily[] {
  if (counters === null) return [];
  const samples = RESULTS.flatMap((result): Sample[] =>
    Number.isFinite(counters[result]) ? [[{ result }, counters[result]]] : [],
  );
  const help = "Requests to the STAMP reflector by what became of them.";
  return [{ name: "patronus_reflector_packets_total", kind: "counter", help, samples }];
}

function gauge(name: string, help: string, value: number): OwnFamily {
  return family(name, "gauge", help, [[{}, value]]);
}

function counter(name: string, help: string, value: number): OwnFamily {
  return family(name, "counter", help, [[{}, value]]);
}

function family(
  name: string,
  kind: MetricKind,
  help: string,
  samples: readonly Sample[],
): OwnFamily {
  return { name: `${PREFIX}${name}`, kind, help, samples };
}

function familyText(described: OwnFamily, openMetrics: boolean): string {
  const lines = described.samples.map(([labels, value]) => {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escapeLabel(text)}"`);
    const block = pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
    return `${described.name}${block} ${value}\n`;
  });
  return familyHeader(described, openMetrics) + lines.join("");
}
