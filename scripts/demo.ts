/**
 * `make demo` (root): a box with two emulated uplinks in network namespaces, the agent in it with a
 * real configuration, and 1,000 packets/s through its default route. After ten seconds the cable of
 * the primary is cut, later put back; the view shows what happens, the end what it cost. Nothing
 * of the machine's own network is touched; Ctrl-C cleans up too. At most 60 s.
 */

import type { RunningAgent } from "../tests/support/agent.ts";
import { startAgent } from "../tests/support/agent.ts";
import { namespaceProblem } from "../tests/support/lab/namespace.ts";
import type { Stream } from "../tests/support/lab/stream.ts";
import type { StreamReport } from "../tests/support/lab/stream-report.ts";
import { Uplinks } from "../tests/support/lab/uplinks.ts";
import { Frame } from "./demo-view.ts";
import { buildIfStale } from "./fresh-build.ts";

const CONFIG = `
node: { id: demo }
paths:
  - { id: fiber, name: Fiber uplink, interface: wan0, targets: [10.77.0.1], profile: fast }
  - { id: lte, name: LTE uplink, interface: wan1, targets: [10.77.0.1], profile: fast }
policies:
  - id: 1
    name: everything
    primary: fiber
    backups: [lte]
    failback_delay_secs: 5
    route: { match: [{ to: default }] }
`;
const CUT_AT_S = 10;
const MEND_AT_S = 20;
const END_AT_S = 45;
/** Seen on its first uplink again for so long: the demonstration is over. */
const SETTLED_S = 3;
const TURN_MS = 250;
/** Building namespaces and agent included. */
const BOUND_MS = 60_000;

const INTERRUPTED = 130;

interface Scene {
  readonly uplinks: Uplinks;
  readonly agent: RunningAgent;
  readonly stream: Stream;
}

interface Moments {
  cutUs: number;
  mendUs: number;
}

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => interrupted.abort());
}

async function main(): Promise<number> {
  const problem = namespaceProblem();
  if (problem !== null) {
    process.stderr.write(`cannot show the demonstration: ${problem}\n`);
    return 1;
  }
  const built = buildIfStale();
  if (built !== 0) return built;
  const bound = setTimeout(() => interrupted.abort(), BOUND_MS);
  const cleanup: (() => Promise<void>)[] = [];
  try {
    const scene = await open(cleanup);
    const moments = await play(scene);
    // Ctrl-C reached the stream as well: it has nothing to tell.
    if (interrupted.signal.aborted) return INTERRUPTED;
    const report = await scene.stream.stop();
    process.stdout.write(`${summaryOf(report, moments)}\n`);
    return 0;
  } finally {
    clearTimeout(bound);
    for (const step of cleanup.reverse()) await step();
  }
}

async function open(cleanup: (() => Promise<void>)[]): Promise<Scene> {
  process.stdout.write("building two uplinks, a provider behind each, and the internet\n");
  const uplinks = await Uplinks.open({ purpose: "demo", uplinks: [{}, {}] });
  cleanup.push(() => uplinks.close());
  const agent = startAgent({ config: CONFIG, prefix: uplinks.box.command([]) });
  cleanup.push(() => agent.sweep());
  await agent.until("the agent", async () => (await agent.get("/api/v1/health/snapshot")).ok);
  const stream = await uplinks.stream();
  return { uplinks, agent, stream };
}

/** Turn by turn until the story is told, the bound is reached or Ctrl-C. */
async function play({ uplinks, agent }: Scene): Promise<Moments> {
  const frame = new Frame({ uplinks, agent });
  const moments: Moments = { cutUs: Number.NaN, mendUs: Number.NaN };
  const startedUs = Bun.nanoseconds() / 1e3;
  let settledS = Number.NaN;
  while (!interrupted.signal.aborted) {
    const second = (Bun.nanoseconds() / 1e3 - startedUs) / 1e6;
    if (second >= CUT_AT_S && Number.isNaN(moments.cutUs)) moments.cutUs = await uplinks.cut("a");
    if (second >= MEND_AT_S && Number.isNaN(moments.mendUs)) {
      moments.mendUs = await uplinks.mend("a");
    }
    const phase = phaseOf(second);
    const busiest = await frame.draw(second, phase);
    const isBack = second > MEND_AT_S + 1 && busiest === "a";
    settledS = isBack ? (Number.isNaN(settledS) ? second : settledS) : Number.NaN;
    if (second > END_AT_S || second - settledS > SETTLED_S) break;
    await Bun.sleep(TURN_MS);
  }
  frame.end();
  return moments;
}

function phaseOf(second: number): string {
  if (second < CUT_AT_S) return `all is well; the cable of fiber is cut at ${CUT_AT_S} s`;
  if (second < MEND_AT_S) return `THE CABLE OF FIBER IS CUT; it is put back at ${MEND_AT_S} s`;
  return "the cable is back; traffic returns when fiber has proved stable for 5 s";
}

function summaryOf(report: StreamReport, { cutUs, mendUs }: Moments): string {
  const lines = [`stream: ${report.sent} packets sent, ${report.lost().length} lost`];
  if (!Number.isNaN(cutUs)) {
    const gap = report.gapAround(cutUs, 9e6);
    const ms = Number.isNaN(gap.outageUs) ? "did not end" : `${(gap.outageUs / 1e3).toFixed(1)} ms`;
    lines.push(`cut:      gap ${ms}, ${gap.lost} packets lost`);
  }
  if (!Number.isNaN(mendUs)) {
    lines.push(`failback: ${report.lost(mendUs + 1e6).length} packets lost`);
  }
  const way = report.stretches().map(({ path, count }) => `${nameOf(path)} (${count} packets)`);
  return [...lines, `taken:    ${way.join(" -> ")}`].join("\n");
}

function nameOf(path: string): string {
  return path === "a" ? "fiber" : "lte";
}

process.exit(await main());
