/**
 * A scrape of 100, 1,000 and 10,000 paths beside prom-client: the handler until the last octet of
 * the body, all families but the RTT histogram, every path with changed values. For the large table
 * also the longest time the event loop was held, seen by turns of the loop that run beside, and the
 * growth of memory.
 */

import { createApp } from "../../agent/io/http/app.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FakeLog } from "../support/fake-log.ts";
import { FakeMetrics, FakeView, pathLabels } from "../support/fake-view.ts";
import { promClientScrape } from "../support/prom-client-scrape.ts";
import { printFigure } from "./figure.ts";

const SMALL = { paths: 100, runs: 2_000, barMs: 0.15 };
const MIDDLE = { paths: 1_000, runs: 300, barMs: 2 };
const LARGE = { paths: 10_000, runs: 40, barMs: 20 };
const BLOCK_BAR_MS = 10;

interface Setting {
  readonly view: FakeView;
  scrape(encoding: string): Promise<number>;
}

function setting(paths: number): Setting {
  const labels = Array.from({ length: paths }, (_, row) =>
    pathLabels(row, { name: `Uplink number ${row}` }),
  );
  const view = new FakeView(new FakeMetrics(labels));
  view.metrics.fill();
  const clock = new FakeClock();
  const options = { listen: "127.0.0.1:9477", token: null, anonymousRead: false };
  const app = createApp(view, { ...options, allowedHosts: [], clock, log: new FakeLog() });
  const scrape = async (encoding: string) => {
    const request = new Request("http://localhost/metrics", {
      headers: { "accept-encoding": encoding },
    });
    const response = await app.fetch(request, { transport: "tcp" });
    if (response.body === null || paths < LARGE.paths) return (await response.bytes()).byteLength;
    let octets = 0;
    for await (const chunk of response.body) octets += chunk.byteLength;
    return octets;
  };
  return { view, scrape };
}

/** Every path has other values than before. */
function change(view: FakeView, run: number): void {
  const { series } = view.metrics.scorer;
  for (let at = 0; at < series.latencyMs.length; at++) {
    series.latencyMs[at] = 5 + ((at * 37 + run * 101) % 90_000) / 1_000;
    series.totals[at * 10] = 10_000 + run * 3 + at;
  }
}

async function measure(paths: number, runs: number, encoding: string): Promise<number[]> {
  const { view, scrape } = setting(paths);
  for (let run = 0; run < runs / 4; run++) await scrape(encoding);
  const spans: number[] = [];
  for (let run = 0; run < runs; run++) {
    change(view, run);
    const started = performance.now();
    await scrape(encoding);
    spans.push(performance.now() - started);
  }
  return spans.sort((a, b) => a - b);
}

/** prom-client, side by side; its instruments are set outside of the measured span. */
async function measureControl(paths: number, runs: number): Promise<number[]> {
  const { change, scrape } = promClientScrape(paths);
  const spans: number[] = [];
  for (let run = 0; run < runs + runs / 4; run++) {
    change(run);
    const started = performance.now();
    await scrape();
    if (run >= runs / 4) spans.push(performance.now() - started);
  }
  return spans.sort((a, b) => a - b);
}

function at(sorted: readonly number[], quantile: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))] ?? Number.NaN;
}

/** Longest gap between two turns of the loop during scrapes of a fresh and of a known table. */
async function longestBlock(paths: number, encoding: string): Promise<number> {
  const { view, scrape } = setting(paths);
  await scrape(encoding);
  let longest = 0;
  let last = performance.now();
  let watching = true;
  const turn = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (watching) setImmediate(turn);
  };
  setImmediate(turn);
  for (let run = 0; run < 10; run++) {
    view.metrics.paths = run === 5 ? [...view.metrics.paths] : view.metrics.paths;
    await scrape(encoding);
  }
  watching = false;
  return longest;
}

async function report(name: string, { paths, runs, barMs }: typeof SMALL): Promise<void> {
  const plain = await measure(paths, runs, "identity");
  printFigure({ name: `/metrics ${name}, median`, unit: "ms", value: at(plain, 0.5), bar: barMs });
  printFigure({ name: `/metrics ${name}, p95`, unit: "ms", value: at(plain, 0.95) });
  const packed = await measure(paths, Math.ceil(runs / 2), "gzip");
  printFigure({ name: `/metrics ${name}, gzip, median`, unit: "ms", value: at(packed, 0.5) });
  const control = await measureControl(paths, Math.ceil(runs / 4));
  printFigure({ name: `prom-client ${name}, median`, unit: "ms", value: at(control, 0.5) });
  const octets = await setting(paths).scrape("identity");
  printFigure({ name: `/metrics ${name}, body`, unit: "KB", value: octets / 1e3 });
}

await report("100 paths", SMALL);
await report("1,000 paths", MIDDLE);
const before = process.memoryUsage.rss();
await report("10,000 paths", LARGE);
const growth = (process.memoryUsage.rss() - before) / 1e6;
for (const encoding of ["identity", "gzip"]) {
  const value = await longestBlock(LARGE.paths, encoding);
  const name = `/metrics 10,000 paths, ${encoding}, longest block of the loop`;
  printFigure({ name, unit: "ms", value, bar: BLOCK_BAR_MS });
}
printFigure({ name: "/metrics 10,000 paths, growth of RSS", unit: "MB", value: growth });
