/**
 * `probe`: the worker's own loop and the core's own statistics, once, at a prompt. Needs no agent.
 * Ctrl-C ends it early with the summary of what there is.
 */

import { takeRecord } from "../controller/direction-book.ts";
import type { ParsedAddress } from "../domain/address.ts";
import { formatAddress } from "../domain/address.ts";
import { OUTCOME, OUTCOME_FLAG, OUTCOME_KINDS } from "../domain/outcome.ts";
import { US_PER_MS } from "../domain/units.ts";
import { coreBytes } from "../io/core-asset.ts";
import { resolveName } from "../io/resolver.ts";
import { DirectionWindow } from "../scoring/direction.ts";
import type { WasmScorer } from "../scoring/wasm-scorer.ts";
import { loadScorer } from "../scoring/wasm-scorer.ts";
import { OUTCOME_SIZE, viewOf, writeOutcome } from "../wire/frame.ts";
import { ffiProblem } from "../worker/libc.ts";
import type { ProbeLoop } from "../worker/probe-loop.ts";
import { openProbeLoop } from "../worker/probe-loop.ts";
import type { Outcome } from "../worker/tracker.ts";
import type { CommandInput } from "./command.ts";
import { EXIT } from "./command.ts";
import type { ProbeRequest } from "./probe-options.ts";
import { probeRequest, probeRows } from "./probe-options.ts";
import type { ProbedTarget } from "./probe-report.ts";
import { outcomeJson, outcomeLine, summaryJson, summaryLine, summaryOf } from "./probe-report.ts";

/** The statistics look at this many of the newest outcomes of a target. */
const WINDOW_MAX = 10_000;
const TURN_MAX_US = 50 * US_PER_MS;

export async function probeTargets(input: CommandInput): Promise<number> {
  const request = probeRequest(input);
  const problem = ffiProblem();
  if (problem !== null) {
    console.error(problem);
    return EXIT.usage;
  }
  const { found, missing } = await resolveAll(request);
  for (const line of missing) console.error(line);
  if (found.length === 0) return EXIT.usage;
  const run = new ProbeRun(request, found);
  await run.finish();
  const answered = run.summarize();
  if (missing.length > 0 || run.hasNoSocket) return EXIT.usage;
  return answered ? EXIT.ok : EXIT.failure;
}

interface Found extends ProbedTarget {
  readonly parsed: ParsedAddress;
}

async function resolveAll(request: ProbeRequest): Promise<{ found: Found[]; missing: string[] }> {
  const found: Found[] = [];
  const missing: string[] = [];
  const answers = await Promise.all(
    request.hosts.map((host) => resolveName({ host, family: request.family })),
  );
  for (const [i, answer] of answers.entries()) {
    const host = request.hosts[i] ?? "";
    const parsed = answer.kind === "resolved" ? answer.addresses[0] : undefined;
    if (parsed !== undefined) found.push({ host, address: formatAddress(parsed), parsed });
    else if (answer.kind === "failed") missing.push(`cannot resolve ${host}: ${answer.reason}`);
  }
  return { found, missing };
}

class ProbeRun {
  readonly #request: ProbeRequest;
  readonly #targets: readonly Found[];
  readonly #scorer: WasmScorer = loadScorer(coreBytes());
  readonly #loop: ProbeLoop;
  readonly #record = new Uint8Array(OUTCOME_SIZE);
  readonly #view = viewOf(this.#record);
  /** With STAMP, per target. */
  readonly #windows: readonly DirectionWindow[];
  #open: number;
  #interrupted = false;

  constructor(request: ProbeRequest, targets: readonly Found[]) {
    this.#request = request;
    this.#targets = targets;
    this.#open = targets.length * request.count;
    const window = Math.min(request.count, WINDOW_MAX);
    const isStamp = request.type === "stamp";
    this.#windows = isStamp ? targets.map(() => new DirectionWindow(window)) : [];
    this.#scorer.configure(
      targets.map((_, i) => ({
        firstSeries: i,
        seriesCount: 1,
        reliability: 1,
        windowProbes: window,
        minSamples: 1,
        thresholds: NO_THRESHOLDS,
        weights: { latency: 0.4, loss: 0.4, jitter: 0.2 },
      })),
    );
    this.#loop = openProbeLoop({
      rows: probeRows(
        request,
        targets.map(({ parsed }) => parsed),
      ),
      keys: request.key === null ? new Map() : new Map([[1, request.key]]),
      seed: crypto.getRandomValues(new Int32Array(1))[0] ?? 0,
      sendsMax: request.count,
      sink: { record: (outcome) => this.#take(outcome), verdict: () => {}, stalled: () => {} },
    });
  }

  /** Turns until every probe has ended, or Ctrl-C. */
  async finish(): Promise<void> {
    const interrupt = () => {
      this.#interrupted = true;
    };
    process.on("SIGINT", interrupt);
    process.on("SIGTERM", interrupt);
    for (const problem of this.#loop.abilities().problems) console.error(problem);
    while (this.#open > 0 && !this.#interrupted) {
      this.#loop.turn(TURN_MAX_US);
      await Bun.sleep(0); // signal handlers run on the event loop
    }
  }

  /** True when every target was refused by our own host. */
  get hasNoSocket(): boolean {
    const unsent = OUTCOME_KINDS.indexOf("unsent");
    const { totals } = this.#scorer.series;
    return this.#targets.every(
      (_, i) => (totals[i * OUTCOME_KINDS.length + unsent] ?? 0) >= this.#request.count,
    );
  }

  /** Prints the summaries; true when every target replied at least once. */
  summarize(): boolean {
    this.#loop.close();
    const summaries = this.#targets.map((target, i) =>
      summaryOf(this.#scorer, i, target, this.#windows[i]?.read()),
    );
    if (!this.#request.json && !this.#request.quiet) console.log("");
    for (const summary of summaries) {
      console.log(this.#request.json ? summaryJson(summary) : summaryLine(summary));
    }
    return summaries.every((summary) => summary.received > 0);
  }

  #take(outcome: Readonly<Outcome>): void {
    writeOutcome(this.#view, 0, outcome);
    this.#scorer.ingest(this.#record);
    const window = this.#windows[outcome.series];
    if (window !== undefined) takeRecord(window, this.#view, 0);
    const { kind } = outcome;
    // Side counts and the final class of an expired probe end no probe of their own.
    const ends = kind <= OUTCOME.expired || (kind >= OUTCOME.unreachable && kind <= OUTCOME.unsent);
    if (ends) this.#open--;
    if (this.#request.quiet) return;
    const target = this.#targets[outcome.series];
    if (target === undefined || kind === OUTCOME.lost) return;
    const replied = kind === OUTCOME.replied || kind === OUTCOME.late;
    const line = {
      seq: outcome.seq,
      kind: kind === OUTCOME.expired ? ("lost" as const) : (OUTCOME_KINDS[kind] ?? "lost"),
      rttMs: replied ? outcome.rttUs / US_PER_MS : null,
      // Of a reply it is the reflector's count, which means nothing alone.
      code: replied ? 0 : outcome.code,
      forwardMs: (outcome.flags & OUTCOME_FLAG.oneWay) === 0 ? null : outcome.forwardUs / US_PER_MS,
    };
    console.log(this.#request.json ? outcomeJson(target, line) : outcomeLine(target, line));
  }
}

/** Far away: the summary shows values, not scores. */
const NO_THRESHOLDS = {
  latency_ms: { max: 1e9, critical: null },
  loss_pct: { max: 100, critical: null },
  jitter_ms: { max: 1e9, critical: null },
} as const;
