/** The live view of the demonstration: redrawn on a terminal, a line a second elsewhere. */

import type { RunningAgent } from "../tests/support/agent.ts";
import type { UplinkName, Uplinks } from "../tests/support/lab/uplinks.ts";

interface PathState {
  readonly path_id: string;
  readonly status: string;
  readonly health_score: number | null;
  readonly latency_ms: number | null;
  readonly packet_loss_pct: number | null;
}

interface PolicyState {
  readonly active_path_id: string | null;
  readonly failover_count: number;
}

export interface Shown {
  readonly uplinks: Uplinks;
  readonly agent: RunningAgent;
}

const BAR_WIDTH = 30;
/** Packets/s of the stream: a whole bar. */
const FULL_RATE = 1_000;
const CLEAR_BELOW = "\u001b[J";

export class Frame {
  readonly #shown: Shown;
  readonly #isTerminal = process.stdout.isTTY === true;
  #lines = 0;
  #lastSecond = -1;
  #counts = new Map<UplinkName, number>();
  #countedUs = 0;

  constructor(shown: Shown) {
    this.#shown = shown;
  }

  /** The uplink that carries most packets now; null: none carries any. */
  async draw(second: number, phase: string): Promise<UplinkName | null> {
    const rates = this.#rates();
    const [paths, policy] = await Promise.all([this.#paths(), this.#policy()]);
    const { all } = this.#shown.uplinks;
    const busiest = all.toSorted((a, b) => (rates.get(b.name) ?? 0) - (rates.get(a.name) ?? 0))[0];
    const carries = busiest !== undefined && (rates.get(busiest.name) ?? 0) > FULL_RATE / 10;
    const active = policy?.active_path_id ?? "-";
    if (this.#isTerminal) {
      const rows = paths.map((path, i) => pathLine(path, active, rates.get(all[i]?.name ?? "a")));
      this.#redraw([`${second.toFixed(1).padStart(5)} s  ${phase}`, "", HEADING, ...rows]);
    } else if (Math.floor(second) !== this.#lastSecond) {
      this.#lastSecond = Math.floor(second);
      const states = paths.map((path, i) => {
        const rate = rates.get(all[i]?.name ?? "a") ?? 0;
        return `${path.path_id} ${path.status} ${scoreOf(path)} ${rate.toFixed(0)}/s`;
      });
      process.stdout.write(`${second.toFixed(0)} s: ${states.join(", ")}; active ${active}\n`);
    }
    return carries ? busiest.name : null;
  }

  end(): void {
    process.stdout.write("\n");
  }

  #redraw(lines: readonly string[]): void {
    const up = this.#lines === 0 ? "" : `\u001b[${this.#lines}A`;
    process.stdout.write(`${up}\r${CLEAR_BELOW}${lines.join("\n")}\n`);
    this.#lines = lines.length;
  }

  /** Packets/s that came to the internet by each uplink since the last turn. */
  #rates(): ReadonlyMap<UplinkName, number> {
    const { all } = this.#shown.uplinks;
    const files = all.map(({ behind }) => `/sys/class/net/${behind}/statistics/rx_packets`);
    const counts = this.#shown.uplinks.internet
      .exec(["cat", ...files])
      .trim()
      .split("\n");
    const nowUs = Bun.nanoseconds() / 1e3;
    const seconds = (nowUs - this.#countedUs) / 1e6;
    const before = this.#counts;
    this.#counts = new Map(all.map(({ name }, i) => [name, Number(counts[i] ?? 0)]));
    this.#countedUs = nowUs;
    return new Map(
      [...this.#counts].map(([name, count]) => {
        const known = before.get(name);
        return [name, known === undefined ? 0 : (count - known) / seconds];
      }),
    );
  }

  async #paths(): Promise<readonly PathState[]> {
    const { agent } = this.#shown;
    const body = await agent.json<{ paths: readonly PathState[] }>("/api/v1/health/snapshot");
    return body.paths;
  }

  /** null: the agent does not tell of policies. */
  async #policy(): Promise<PolicyState | null> {
    const response = await this.#shown.agent.get("/api/v1/failover/snapshot");
    if (!response.ok) return null;
    const body = (await response.json()) as { readonly policies: readonly PolicyState[] };
    return body.policies[0] ?? null;
  }
}

const HEADING = `${"PATH".padEnd(8)}${"STATUS".padEnd(10)}SCORE   RTT ms  LOSS %  STREAM packets/s`;

function pathLine(path: PathState, active: string, rate = 0): string {
  const bar = "#".repeat(Math.round(Math.min(1, Math.max(0, rate) / FULL_RATE) * BAR_WIDTH));
  const mark = path.path_id === active ? " <- active" : "";
  const cells = [
    path.path_id.padEnd(8),
    path.status.padEnd(10),
    scoreOf(path).padStart(5),
    (path.latency_ms?.toFixed(2) ?? "-").padStart(9),
    (path.packet_loss_pct?.toFixed(1) ?? "-").padStart(8),
    `  ${rate.toFixed(0).padStart(5)} ${bar.padEnd(BAR_WIDTH)}${mark}`,
  ];
  return cells.join("");
}

function scoreOf({ health_score: score }: PathState): string {
  return score === null ? "-" : score.toFixed(0);
}
