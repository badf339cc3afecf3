/** The WASM core: ingest + rescore of one outcome, and a read of the cache. */

import { OUTCOME } from "../../agent/domain/outcome.ts";
import { OUTCOME_AT, OUTCOME_SIZE, viewOf } from "../../agent/wire/frame.ts";
import { pathLayout, scorerOf } from "../support/core.ts";
import { printFigure } from "./figure.ts";

const BATCH = 200;
const ROUNDS = 400;
const REPEATS = 9;

/** Batches over all series in turn, with a reply of 20 +- 5 ms, one in fifty lost. */
function batches(series: number): Uint8Array[] {
  let seed = 1;
  const random = () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return seed / 2 ** 32;
  };
  const count = Math.max(20, Math.ceil((series * 2) / BATCH));
  let record = 0;
  return Array.from({ length: count }, () => {
    const bytes = new Uint8Array(BATCH * OUTCOME_SIZE);
    const view = viewOf(bytes);
    for (let i = 0; i < BATCH; i++, record++) {
      const at = i * OUTCOME_SIZE;
      const lost = random() < 0.02;
      view.setUint32(at + OUTCOME_AT.series, record % series, true);
      view.setUint8(at + OUTCOME_AT.kind, lost ? OUTCOME.expired : OUTCOME.replied);
      view.setUint32(at + OUTCOME_AT.seq, Math.floor(record / series), true);
      view.setFloat64(at + OUTCOME_AT.rttUs, lost ? 0 : 20_000 + 5_000 * random(), true);
      view.setFloat64(at + OUTCOME_AT.sentUs, record, true);
    }
    return bytes;
  });
}

function medianNs(run: () => void, operations: number): number {
  const times = Array.from({ length: REPEATS }, () => {
    const started = Bun.nanoseconds();
    run();
    return (Bun.nanoseconds() - started) / operations;
  });
  times.sort((a, b) => a - b);
  return times[Math.floor(REPEATS / 2)] ?? Number.NaN;
}

for (const [series, bar] of [
  [10, 150],
  [1_000, 300],
  [10_000, 300],
] as const) {
  const paths = Array.from({ length: series }, (_, i) => pathLayout({ firstSeries: i }));
  const scorer = scorerOf(...paths);
  const input = batches(series);
  for (let round = 0; round < 50 * 20; round++)
    scorer.ingest(input[round % input.length] ?? new Uint8Array());
  const run = () => {
    for (let round = 0; round < ROUNDS; round++) {
      scorer.ingest(input[round % input.length] ?? new Uint8Array());
    }
  };
  const value = medianNs(run, ROUNDS * BATCH);
  printFigure({
    name: `ingest + rescore of one outcome, ${series} series`,
    unit: "ns",
    value,
    bar,
  });
}

const scorer = scorerOf(...Array.from({ length: 1_000 }, (_, i) => pathLayout({ firstSeries: i })));
let sum = 0;
const reads = 10_000_000;
const value = medianNs(() => {
  const { score } = scorer.paths;
  for (let i = 0; i < reads; i++) sum += score[i % 1_000] ?? 0;
}, reads);
printFigure({ name: "cache read", unit: "ns", value, bar: 5 });
if (sum === 0) throw new Error("the reads were removed");
