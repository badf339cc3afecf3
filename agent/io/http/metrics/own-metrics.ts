/**
 * The metrics about the agent itself: build, processes, worker, store, the scrape. A few dozen
 * lines, so they are plain strings. What is not known is an absent line here too.
 */

import type { WorkerCounters } from "../../../wire/frame.ts";
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

const WORKER_COUNTERS: Readonly<Record<keyof WorkerCounters, readonly [string, string]>> = {
  sent: ["worker_probes_sent_total", "Probes sent since the worker's start."],
  received: ["worker_packets_received_total", "Packets read from probe sockets."],
  foreign: ["worker_packets_foreign_total", "Packets that answered no probe of ours."],
  frames_held: ["worker_frames_held_total", "Frames that waited for room in the channel."],
  records_dropped: ["worker_records_dropped_total", "Outcomes lost because the channel was full."],
  stalls: ["worker_stalls_total", "Spans in which the worker did not run."],
  wakeups: ["worker_wakeups_total", "Times the worker woke up."],
};

export function ownMetrics(facts: OwnFacts, openMetrics: boolean): string {
  const { status } = facts;
  const { version, git, target, runtime } = status;
  const build = { version, revision: git, target, runtime };
  const store = status.store.state.kind === "ok" ? 1 : 0;
  const acknowledged = status.worker.acknowledged ? 1 : 0;
  return [
    write("build_info", "info", "What runs.", [[build, 1]]),
    one("start_time_seconds", "When the agent started, Unix time.", status.started_at),
    one("ready", "1 when results of the current configuration exist.", Number(facts.ready)),
    ...processMetrics(status),
    one("worker_acknowledged", "1 when it probes by the current table.", acknowledged),
    counter("worker_frames_stale_total", "Frames of an earlier table.", status.worker.stale_frames),
    ...workerMetrics(status.worker.counters),
    one("store_up", "1 when the database takes rows.", store),
    one("store_pending_rows", "Rows not yet on disk.", status.store.pending_rows),
    one("problems", "Problems the status names.", status.problems.length),
    one("scrape_duration_seconds", "Time the previous scrape took.", facts.scrapeSeconds),
  ].join("");

  function one(name: string, help: string, value: number | null): string {
    return write(name, "gauge", help, value === null ? [] : [[{}, value]]);
  }

  function counter(name: string, help: string, value: number): string {
    return write(name, "counter", help, [[{}, value]]);
  }

  function processMetrics({ processes }: AgentStatus): string[] {
    if (processes === null) return [];
    const { controller, worker } = processes;
    const both = [
      { process: "controller", state: controller },
      { process: "worker", state: worker },
    ];
    return [
      write(
        "process_up",
        "gauge",
        "1 while the process runs.",
        both.map(({ process, state }) => [{ process }, state.pid === null ? 0 : 1]),
      ),
      write(
        "process_restarts_total",
        "counter",
        "Times the supervisor started the process again.",
        both.map(({ process, state }) => [{ process }, state.restarts]),
      ),
    ];
  }

  function workerMetrics(counters: WorkerCounters | null): string[] {
    if (counters === null) return [];
    return Object.entries(counters).flatMap(([key, value]) => {
      const known = WORKER_COUNTERS[key as keyof WorkerCounters];
      return known === undefined ? [] : [counter(known[0], known[1], value)];
    });
  }

  function write(name: string, kind: MetricKind, help: string, samples: readonly Sample[]): string {
    return familyText({ name: `${PREFIX}${name}`, kind, help }, samples, openMetrics);
  }
}

function familyText(family: Family, samples: readonly Sample[], openMetrics: boolean): string {
  if (samples.length === 0) return "";
  const lines = samples.map(([labels, value]) => {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escapeLabel(text)}"`);
    const block = pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
    return `${family.name}${block} ${value}\n`;
  });
  return familyHeader(family, openMetrics) + lines.join("");
}
