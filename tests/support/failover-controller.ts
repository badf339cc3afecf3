/**
 * The failover part of a controller with two uplinks in a modelled kernel: what the operator would
 * see of it, moved by hand.
 */

import type { AppliedPlan } from "../../agent/controller/current-plan.ts";
import { composeFailover } from "../../agent/controller/failover/compose-failover.ts";
import type { FailoverListener } from "../../agent/controller/failover/listener.ts";
import type { RouteMemory } from "../../agent/controller/failover/route-ports.ts";
import { planProbes } from "../../agent/controller/probe-table.ts";
import { parseAddress } from "../../agent/domain/address.ts";
import type { AgentConfig, PolicyConfig } from "../../agent/domain/config.ts";
import { pathIndex } from "../../agent/domain/ids.ts";
import type { Status } from "../../agent/domain/status.ts";
import type { KernelFacts } from "../../agent/routing/facts.ts";
import { asIpCommands } from "../../agent/routing/ip-commands.ts";
import type { Burst } from "../../agent/wire/burst.ts";
import { HEADER_SIZE, readHeader } from "../../agent/wire/frame.ts";
import { VERDICT } from "../../agent/wire/verdict.ts";
import { agentConfig, pathConfig } from "./configs.ts";
import { policyConfig } from "./failover-steps.ts";
import { FakeClock } from "./fake-clock.ts";
import { FakeFailoverBook } from "./fake-failover-book.ts";
import { FakeLog } from "./fake-log.ts";
import { FakeNetWorker } from "./fake-net-worker.ts";
import { FakeScorer } from "./fake-scorer.ts";
import { outcomeFrame } from "./frames.ts";
import { defaultVia, link, own, systemRules } from "./routing.ts";

const HOSTS = { fiber: "203.0.113.1", lte: "203.0.113.2" } as const;
const DEVICES = { fiber: "wan0", lte: "wan1" } as const;

export type Uplink = keyof typeof HOSTS;

export function twoUplinks(): KernelFacts {
  return {
    links: [link(1, "lo"), link(2, "wan0"), link(3, "wan1")],
    addresses: [own(2, "10.1.0.2/24"), own(3, "10.2.0.2/24")],
    routes: [
      defaultVia(2, "10.1.0.1", { metric: 100 }),
      defaultVia(3, "10.2.0.1", { metric: 200 }),
    ],
    rules: [...systemRules(4), ...systemRules(6)],
  };
}

export function twoPolicyConfig(policies: readonly PolicyConfig[]): AgentConfig {
  const paths = (["fiber", "lte"] as const).map((id) => {
    return { ...pathConfig(id, [HOSTS[id]]), interface: DEVICES[id] };
  });
  return { ...agentConfig(paths), policies };
}

export class FailoverController {
  readonly clock = new FakeClock();
  readonly log = new FakeLog();
  readonly book: FakeFailoverBook;
  readonly net: FakeNetWorker;
  readonly scorer = new FakeScorer(2);
  readonly bursts: Burst[] = [];
  readonly heard: string[] = [];
  memory: RouteMemory | null;
  readonly #status: Status[] = ["unknown", "unknown"];
  readonly #down = new Set<number>();
  #applied: AppliedPlan;
  readonly #part: ReturnType<typeof composeFailover>;

  constructor(
    options: {
      readonly facts?: KernelFacts;
      readonly policies?: readonly PolicyConfig[];
      readonly book?: FakeFailoverBook;
      readonly memory?: RouteMemory | null;
    } = {},
  ) {
    const policies = options.policies ?? [policyConfig({ backups: ["lte"] })];
    this.book = options.book ?? new FakeFailoverBook();
    this.net = new FakeNetWorker(options.facts ?? twoUplinks());
    this.memory = options.memory ?? null;
    this.#applied = this.#planned(twoPolicyConfig(policies));
    this.#part = composeFailover({
      clock: this.clock,
      timers: this.clock,
      log: this.log,
      scorer: this.scorer,
      status: (row) => this.#status[row] ?? "unknown",
      isDown: (row) => this.#down.has(row),
      channel: this.net,
      book: this.book,
      memory: { load: () => this.memory, save: (memory) => this.#remember(memory) },
      listeners: [this.#listener()],
      burst: (burst) => void this.bursts.push(burst),
      current: () => this.#applied,
    });
    this.#part.configure(this.#applied);
  }

  /** A worker is there and has said what the kernel has. */
  start(): this {
    this.#part.failover.peerChanged(1);
    this.settle();
    return this;
  }

  get view() {
    return this.#part.view;
  }

  get problems() {
    return this.#part.problems();
  }

  /** Frames go to and fro until nobody has anything to say. */
  settle(): void {
    for (let turns = 0; this.net.out.length > 0; turns++) {
      if (turns > 100) throw new Error("they keep talking");
      for (const frame of this.net.out.splice(0)) this.read(frame);
    }
  }

  read(frame: Uint8Array): void {
    const header = readHeader(frame);
    if (header !== null) this.#part.failover.frame(frame, header);
  }

  loseWorker(): void {
    this.net.out.length = 0;
    this.#part.failover.peerChanged(0);
  }

  reload(policies: readonly PolicyConfig[]): void {
    this.#applied = this.#planned(twoPolicyConfig(policies));
    this.#part.configure(this.#applied);
    this.settle();
  }

  /** A probe of the path was answered, and the window says this. */
  scores(uplink: Uplink, score: number): void {
    const row = rowOf(uplink);
    this.#status[row] = score >= 80 ? "up" : score >= 50 ? "degraded" : "down";
    const sentUs = this.clock.monotonic() - 1_000;
    const outcome = { series: row, kind: "replied", rttUs: 1_000, sentUs } as const;
    const records = outcomeFrame({ generation: 1, epoch: 1 }, [outcome]).subarray(HEADER_SIZE);
    this.scorer.result(row, 1, sentUs);
    this.scorer.paths.score[row] = score;
    this.scorer.paths.chosen[row] = row;
    this.#part.failover.ingested(records, Uint32Array.of(row), 1);
    this.settle();
  }

  dies(uplink: Uplink): void {
    this.#down.add(rowOf(uplink));
    this.#status[rowOf(uplink)] = "down";
    this.verdict(VERDICT.down, uplink);
  }

  returns(uplink: Uplink, score = 100): void {
    this.#down.delete(rowOf(uplink));
    this.verdict(VERDICT.up, uplink);
    this.scores(uplink, score);
  }

  verdict(kind: number, uplink: Uplink): void {
    this.#part.failover.verdict(kind, rowOf(uplink));
    this.settle();
  }

  statusChanged(uplink: Uplink): void {
    this.#part.failover.statusChanged(pathIndex(rowOf(uplink)));
    this.settle();
  }

  /** Time passes, with a reply of both uplinks every second. */
  passes(seconds: number, scores: Partial<Record<Uplink, number>> = {}): void {
    for (let i = 0; i < seconds; i++) {
      this.clock.advance(1_000);
      for (const uplink of ["fiber", "lte"] as const) {
        const score = scores[uplink];
        if (score !== undefined) this.scores(uplink, score);
      }
      this.settle();
    }
  }

  /** The active route of a table, as a command of iproute2. */
  active(table = 158): string {
    const { routes, links } = this.net.facts;
    const found = routes.filter((one) => one.table === table && one.metric === 1);
    return asIpCommands(
      found.map((route) => ({ kind: "apply-route", route }) as const),
      links,
    ).join("; ");
  }

  events(): string[] {
    return this.book.recorded.map(({ type, from, to, cause }) =>
      [type, from ?? "-", to ?? "-", cause ?? "-"].join(" "),
    );
  }

  #remember(memory: RouteMemory): void {
    this.memory = memory;
  }

  #planned(config: AgentConfig): AppliedPlan {
    const known = new Map(
      Object.values(HOSTS).flatMap((host) => {
        const address = parseAddress(host);
        return address === null ? [] : [[`any ${host}`, address] as const];
      }),
    );
    return { config, plan: planProbes(config, { known, scopeOf: () => 0 }), revision: 1 };
  }

  #listener(): FailoverListener {
    return {
      event: ({ type }, id) => void this.heard.push(`${type} ${id}`),
      allDown: ({ phase, handling }) => void this.heard.push(`all-down ${phase} ${handling}`),
      audited: ({ action }) => void this.heard.push(`audit ${action}`),
      switched: () => void this.heard.push("switched"),
    };
  }
}

function rowOf(uplink: Uplink): number {
  return uplink === "fiber" ? 0 : 1;
}
