/** The built core, for tests; scripts/test.ts builds it first. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PathLayout } from "../../agent/scoring/scorer.ts";
import type { WasmScorer } from "../../agent/scoring/wasm-scorer.ts";
import { loadScorer } from "../../agent/scoring/wasm-scorer.ts";
import { OUTCOME_SIZE, viewOf } from "../../agent/wire/frame.ts";
import { HEALTH } from "./configs.ts";
import type { OutcomeSpec } from "./frames.ts";
import { writeOutcome } from "./frames.ts";

const PATH = join(import.meta.dir, "../../build/core.wasm");

export function coreBytes(): Uint8Array<ArrayBuffer> {
  if (!existsSync(PATH))
    throw new Error("build/core.wasm is missing: run bun scripts/build-wasm.ts");
  return new Uint8Array(readFileSync(PATH));
}

export function pathLayout(overrides: Partial<PathLayout> = {}): PathLayout {
  return {
    firstSeries: 0,
    seriesCount: 1,
    reliability: 1,
    windowProbes: HEALTH.window_probes,
    minSamples: HEALTH.min_samples,
    thresholds: HEALTH.thresholds,
    weights: HEALTH.weights,
    ...overrides,
  };
}

export function scorerOf(...paths: readonly PathLayout[]): WasmScorer {
  const scorer = loadScorer(coreBytes());
  scorer.configure(paths);
  return scorer;
}

/** Ingests outcomes as one batch; series and send time have defaults. Answers the paths touched. */
export function feed(
  scorer: WasmScorer,
  outcomes: readonly (Partial<OutcomeSpec> & Pick<OutcomeSpec, "kind">)[],
): number {
  const bytes = new Uint8Array(outcomes.length * OUTCOME_SIZE);
  for (const [i, outcome] of outcomes.entries()) {
    writeOutcome(viewOf(bytes), i * OUTCOME_SIZE, { series: 0, sentUs: i, ...outcome });
  }
  return scorer.ingest(bytes);
}
