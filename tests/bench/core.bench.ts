/**
 * The WASM core: ingest + rescore of one outcome, and a read of the cache. Every reply differs,
 * one outcome in fifty is lost, sequence numbers go on for ever and series come in random order
 * (phases are spread): nothing is nearer in the processor's caches than it would be in the field.
 */

import { OUTCOME } from "../../agent/domain/outcome.ts";
import { OUTCOME_AT, OUTCOME_SIZE, viewOf } from "../../agent/wire/frame.ts";
import { pathLayout, scorerOf } from "../support/core.ts";
import { printFigure } from "./figure.ts";

const OUTCOMES_PER_RUN = 20_000;
const WARM_UP_RUNS = 100;
const RUNS = 101;

let seed = 1;
function random(): number {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
  return seed / 2 ** 32;
}

function shuffled(count: number): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const [a = 0, b = 0] = [order[i], order[j]];
    order[i] = b;
    order[j] = a;
  }
  return order;
}

/** Rounds over all series; `next` makes the same bytes the following rounds. */
function stream(series: number, batch: number) {
  const order = shuffled(series);
  const rounds = OUTCOMES_PER_RUN / series;
  const frames = Array.from(
    { length: OUTCOMES_PER_RUN / batch },
    () => new Uint8Array(batch * OUTCOME_SIZE),
  );
  const records = frames.flatMap((frame) =>
    Array.from({ length: batch }, (_, i) => ({ view: viewOf(frame), at: i * OUTCOME_SIZE })),
  );
  for (const [i, { view, at }] of records.entries()) {
    const lost = random() < 0.02;
    view.setUint32(at + OUTCOME_AT.series, order[i % series] ?? 0, true);
    view.setUint8(at + OUTCOME_AT.kind, lost ? OUTCOME.expired : OUTCOME.replied);
    view.setUint32(at + OUTCOME_AT.seq, Math.floor(i / series), true);
    view.setFloat64(at + OUTCOME_AT.rttUs, lost ? 0 : 20_000 + 5_000 * random(), true);
    view.setFloat64(at + OUTCOME_AT.sentUs, i, true);
  }
  const next = () => {
    for (const { view, at } of records) {
      const seq = view.getUint32(at + OUTCOME_AT.seq, true) + rounds;
      view.setUint32(at + OUTCOME_AT.seq, seq, true);
    }
  };
  return { frames, next };
}

interface Spread {
  readonly value: number;
  readonly min: number;
  readonly p99: number;
}

/** ns per operation over all runs: median, smallest, p99. `next` runs between them, untimed. */
function measure(run: () => void, operations: number, next = () => {}): Spread {
  for (let i = 0; i < WARM_UP_RUNS; i++, next()) run();
  const times = Array.from({ length: RUNS }, () => {
    next();
    const started = Bun.nanoseconds();
    run();
    return (Bun.nanoseconds() - started) / operations;
  }).sort((a, b) => a - b);
  const at = (share: number) => times[Math.max(0, Math.ceil(share * RUNS) - 1)] ?? Number.NaN;
  return { value: at(0.5), min: at(0), p99: at(0.99) };
}

// Ten outcomes of ten series: every single outcome is rescored. Larger batches share that work.
const INGESTS = [
  { series: 10, batch: 1 },
  { series: 10, batch: 10, bar: 150 },
  { series: 10, batch: 40, bar: 150 },
  { series: 1_000, batch: 200, bar: 300 },
  { series: 10_000, batch: 200, bar: 300 },
  { series: 10_000, batch: 1_000, bar: 300 },
] as const;

for (const { series, batch, ...bar } of INGESTS) {
  const scorer = scorerOf(
    ...Array.from({ length: series }, (_, i) => pathLayout({ firstSeries: i })),
  );
  const { frames, next } = stream(series, batch);
  const run = () => {
    for (const frame of frames) scorer.ingest(frame);
  };
  const name = `ingest + rescore of one outcome, ${series} paths, batches of ${batch}`;
  printFigure({ name, unit: "ns", ...measure(run, OUTCOMES_PER_RUN, next), ...bar });
}

const PATHS = 1_024;
const READS = 1_000_000;
const scorer = scorerOf(...Array.from({ length: PATHS }, (_, i) => pathLayout({ firstSeries: i })));
let sum = 0;
/** As readers do it: through the scorer, a column at a time. */
function readAll(): void {
  for (let i = 0; i < READS; i++) sum += scorer.paths.status[i & (PATHS - 1)] ?? 1;
}
printFigure({ name: "cache read", unit: "ns", ...measure(readAll, READS), bar: 5 });
if (Number.isNaN(sum)) throw new Error("the reads were removed");
