/**
 * RTT against the kernel's own stamps of the same packets, at 0, 5, 50 and 300 ms: on a quiet host,
 * with every core busy, and while processes of the agent do not run. Stamps come from the kernel,
 * so none of that may show. Requests are captured where they arrive: that is 1 us behind the send
 * stamp, the constant part of the error printed here. FULL=1: 10,000 probes per address.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import type { Subprocess } from "bun";
import type { RunningAgent } from "../support/agent.ts";
import { FILE, startAgent } from "../support/agent.ts";
import { whileBusy, whileStopped } from "../support/lab/busy-host.ts";
import { connect } from "../support/lab/cable.ts";
import type { Lab } from "../support/lab/lab.ts";
import { openLab } from "../support/lab/lab.ts";
import type { Namespace } from "../support/lab/namespace.ts";
import { namespaceProblem } from "../support/lab/namespace.ts";
import { captureProblem } from "../support/lab/packet-capture.ts";
import type { EchoTruth } from "../support/lab/rtt-error.ts";
import { EchoCapture, quantile } from "../support/lab/rtt-error.ts";

const problem =
  namespaceProblem() ?? captureProblem() ?? (existsSync(FILE) ? null : "needs the compiled agent");

const DELAYS_MS: Readonly<Record<string, number>> = {
  "10.99.0.10": 0,
  "10.99.0.11": 5,
  "10.99.0.12": 50,
  "10.99.0.13": 300,
};
const ADDRESSES = Object.keys(DELAYS_MS);
const COUNT = process.env["FULL"] === "1" ? 10_000 : 200;
const INTERVAL_MS = 10;
const RUN_MS = COUNT * INTERVAL_MS + 20_000;

/** us */
interface Bar {
  readonly median: number;
  readonly p99: number;
}
const QUIET: Bar = { median: 2, p99: 10 };
const LOADED: Bar = { median: 4, p99: 20 };
/** A host that is itself not run between two stamps (steal) shows in the p99: not in every run. */
const RUNS_MAX = 3;

/** One line of `probe --json`. */
interface Line {
  readonly type: "probe" | "summary";
  readonly address: string;
  readonly seq: number;
  readonly outcome: string;
  readonly rtt_ms: number;
}

interface Snapshot {
  readonly paths: readonly {
    readonly path_id: string;
    readonly samples: number;
    readonly packet_loss_pct: number | null;
    readonly latency_min_ms: number;
    readonly latency_p50_ms: number;
    readonly latency_p99_ms: number;
    readonly targets: readonly { readonly outcomes: Readonly<Record<string, number>> }[];
  }[];
}

/** |measured - captured| of each probe, us, by address. */
type Errors = ReadonlyMap<string, readonly number[]>;

describe.skipIf(problem !== null)(`RTT against a capture (${problem ?? "as root"})`, () => {
  let lab: Lab;
  let near: Namespace;
  beforeAll(async () => {
    lab = await openLab({ purpose: "rtt-far" });
    near = connect(lab, "rtt-near");
    for (const [address, ms] of Object.entries(DELAYS_MS)) {
      await lab.behave(address, { delayUs: ms * 1_000 });
    }
  });
  afterAll(async () => {
    near?.close();
    await lab?.close();
  });

  async function probeErrors(around: (probe: Subprocess) => Promise<void>): Promise<Errors> {
    const capture = await EchoCapture.start(near, lab.namespace);
    const flags = ["-c", `${COUNT}`, "-i", `${INTERVAL_MS}`, "-t", "2000", "--json"];
    const command = near.command([FILE, "probe", ...ADDRESSES, ...flags]);
    const probe = Bun.spawn(command, { stdout: "pipe", stderr: "inherit" });
    const text = new Response(probe.stdout).text();
    await around(probe);
    const lines = (await text)
      .trim()
      .split("\n")
      .map((line): Line => JSON.parse(line));
    const truth = await capture.stop();
    return new Map(
      ADDRESSES.map((address) => {
        const echoes = truth.of(address);
        const own = lines.filter((line) => line.type === "probe" && line.address === address);
        const replied = own.filter(({ outcome }) => outcome === "replied");
        expect(replied).toHaveLength(COUNT);
        const errors = replied.map(({ seq, rtt_ms }) =>
          Math.abs(rtt_ms * 1_000 - (echoes[seq]?.rttUs ?? Number.NaN)),
        );
        // A request may precede the kernel's stamping, which starts with the first who asks.
        return [address, errors.slice(5)];
      }),
    );
  }

  function judge(errors: Errors): Bar {
    const medians = [...errors.values()].map((list) => quantile(list, 0.5));
    return { median: Math.max(...medians), p99: quantile([...errors.values()].flat(), 0.99) };
  }

  /** The first run within the bar, else the last. */
  async function bestOf(name: string, bar: Bar, run: () => Promise<Bar>): Promise<Bar> {
    let seen: Bar = { median: Number.NaN, p99: Number.NaN };
    for (let i = 0; i < RUNS_MAX; i++) {
      seen = await run();
      process.stderr.write(
        `${name}: median ${seen.median.toFixed(2)} us, p99 ${seen.p99.toFixed(2)} us\n`,
      );
      if (seen.median <= bar.median && seen.p99 <= bar.p99) return seen;
    }
    return seen;
  }

  function expectWithin(seen: Bar, bar: Bar): void {
    expect(seen.median).toBeLessThanOrEqual(bar.median);
    expect(seen.p99).toBeLessThanOrEqual(bar.p99);
  }

  const ended = async (probe: Subprocess) => void (await probe.exited);

  test(
    "a quiet host: median within 2 us, p99 within 10 us",
    async () => {
      const run = async () => judge(await probeErrors(ended));
      expectWithin(await bestOf("quiet host", QUIET, run), QUIET);
    },
    RUNS_MAX * RUN_MS,
  );

  test(
    "every core busy: within twice of that",
    async () => {
      const run = async () => judge(await whileBusy(() => probeErrors(ended)));
      expectWithin(await bestOf("busy host", LOADED, run), LOADED);
    },
    RUNS_MAX * RUN_MS,
  );

  test(
    "the probing process itself not run for 80 ms twice a second: within twice",
    async () => {
      const stopped = (probe: Subprocess) => whileStopped(probe.pid, () => ended(probe));
      const run = async () => judge(await probeErrors(stopped));
      expectWithin(await bestOf("stopped prober", LOADED, run), LOADED);
    },
    RUNS_MAX * RUN_MS,
  );

  describe("the running agent", () => {
    const WINDOW = 150;
    const CONFIG = `
health:
  check_interval_secs: 1
  probes_per_check: 50
  window_probes: ${WINDOW}
paths:
${ADDRESSES.map((address) => `  - { id: ${address}, targets: [${address}] }`).join("\n")}
`;
    let agent: RunningAgent;
    afterAll(() => agent?.sweep());

    /** Of an agent whose windows have been filled twice. */
    async function snapshotOf(): Promise<Snapshot> {
      let snapshot: Snapshot = { paths: [] };
      await agent.until("the controller", () => agent.pidOf("controller") !== null);
      await whileStopped(agent.pidOf("controller") ?? 0, () =>
        agent.until(
          "two windows each",
          async () => {
            snapshot = await agent.json<Snapshot>("/api/v1/health/snapshot");
            const { paths } = snapshot;
            return paths.length > 0 && paths.every((path) => repliesOf(path) >= 2 * WINDOW);
          },
          30_000,
        ),
      );
      return snapshot;
    }

    async function figures(): Promise<Bar> {
      const capture = await EchoCapture.start(near, lab.namespace);
      agent = startAgent({ config: CONFIG, prefix: near.command([]) });
      const { paths } = await snapshotOf();
      await agent.sweep();
      const truth = await capture.stop();
      const misses = paths.map((path) => missOf(path, truth));
      return {
        median: Math.max(...misses.map(({ median }) => median)),
        p99: Math.max(...misses.map(({ p99 }) => p99)),
      };
    }

    /** How far the figures of a path are from those of the same packets in the capture. */
    function missOf(path: Snapshot["paths"][number], truth: EchoTruth): Bar {
      expect(path).toMatchObject({ samples: WINDOW, packet_loss_pct: 0 });
      const count = repliesOf(path);
      const inWindow = truth
        .of(path.path_id)
        .filter(({ rttUs }) => rttUs !== null)
        .sort((a, b) => a.repliedUs - b.repliedUs)
        .slice(count - WINDOW, count)
        .map(({ rttUs }) => rttUs ?? Number.NaN);
      const miss = (ms: number, p: number) => Math.abs(ms * 1_000 - quantile(inWindow, p));
      return {
        median: Math.max(miss(path.latency_p50_ms, 0.5), miss(path.latency_min_ms, 0)),
        p99: miss(path.latency_p99_ms, 0.99),
      };
    }

    function repliesOf(path: Snapshot["paths"][number]): number {
      return path.targets[0]?.outcomes["replied"] ?? 0;
    }

    test(
      "its controller not run for 80 ms twice a second: p50 and p99 within twice",
      async () => {
        expectWithin(await bestOf("stopped controller", LOADED, figures), LOADED);
      },
      RUNS_MAX * 40_000,
    );
  });
});
