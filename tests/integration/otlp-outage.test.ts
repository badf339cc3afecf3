/**
 * A receiver that is away for 600 collections while the agent is killed twice and the tail of its
 * queue is torn once: nothing is missing but what was torn off, in order, at the replay rate. The
 * stock exporter runs beside as control; its gap is printed.
 */

import { describe, expect, test } from "bun:test";
import { existsSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { temporaryFolder } from "../support/journals.ts";
import { decodeMetrics } from "../support/protobuf.ts";
import type { ReceivedRequest, ScriptedReceiver } from "../support/scripted-receiver.ts";
import { startReceiver } from "../support/scripted-receiver.ts";
import { REPLAY_PER_SEC } from "../support/telemetry-agent.ts";

const AGENT = join(import.meta.dir, "../support/telemetry-agent.ts");
/** The outage lasts longer than the ten seconds that the control can bridge. */
const INTERVAL_MS = 25;

class Agent {
  readonly #child;
  #text = "";
  readonly #read: Promise<void>;

  constructor(folder: string, url: string, first: number) {
    const command = [process.execPath, AGENT, folder, url, String(first), String(INTERVAL_MS)];
    this.#child = Bun.spawn(command, { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
    this.#read = this.#follow(this.#child.stdout);
  }

  /** Number of the newest collection that the queue has. */
  get last(): number {
    const lines = this.#text.slice(0, this.#text.lastIndexOf("\n") + 1).split("\n");
    return Number(lines.findLast((line) => /^\d+$/.test(line)) ?? 0);
  }

  async reaches(number: number): Promise<void> {
    while (this.last < number) await Bun.sleep(20);
  }

  async kill(): Promise<number> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
    await this.#read;
    return this.last;
  }

  /** Milliseconds that a timer of 5 ms was late at most. */
  async end(): Promise<number> {
    this.#child.stdin.write("end\n");
    this.#child.stdin.flush();
    await this.#child.exited;
    await this.#read;
    return Number(/late (\d+)/.exec(this.#text)?.[1]);
  }

  async #follow(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) this.#text += decoder.decode(chunk, { stream: true });
  }
}

function stockExporter(url: string): { stop(): Promise<void> } {
  const exporter = new OTLPMetricExporter({ url: `${url}/stock` });
  const reader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: 500,
    exportTimeoutMillis: 500,
  });
  const provider = new MeterProvider({ readers: [reader] });
  provider
    .getMeter("control")
    .createObservableGauge("control")
    .addCallback((r) => r.observe(1));
  return {
    async stop() {
      await Promise.race([provider.shutdown().catch(() => {}), Bun.sleep(1_000)]);
    },
  };
}

/** The longest time without a point of the stock exporter, ms. */
function gapOf(receiver: ScriptedReceiver): number {
  const times = receiver.requests
    .filter(({ path }) => path === "/stock")
    .flatMap(({ body }) => decodeMetrics(body).points.map(({ timeMs }) => timeMs))
    .sort((a, b) => a - b);
  return Math.max(0, ...times.map((time, i) => time - (times[i - 1] ?? time)));
}

interface Numbered {
  readonly number: number;
  readonly timeMs: number;
  readonly at: number;
}

/** Decoded once: the receiver shares the event loop with the test. */
const decoded = new WeakMap<ReceivedRequest, Numbered>();

function numberOf(request: ReceivedRequest): Numbered {
  const known = decoded.get(request);
  if (known !== undefined) return known;
  const { points } = decodeMetrics(request.body);
  const point = points.find(({ name }) => name === "patronus_sdwan_failover_count_total");
  const numbered = {
    number: point?.value ?? Number.NaN,
    timeMs: point?.timeMs ?? 0,
    at: request.at,
  };
  decoded.set(request, numbered);
  return numbered;
}

function collectionsOf(receiver: ScriptedReceiver): readonly ReceivedRequest[] {
  return receiver.requests.filter(({ path }) => path === "/v1/metrics");
}

function newestOf(receiver: ScriptedReceiver): number {
  const newest = collectionsOf(receiver).at(-1);
  return newest === undefined ? 0 : numberOf(newest).number;
}

describe("an outage of the receiver", () => {
  test("costs no collection, though the agent is killed twice and a tail is torn", async () => {
    const folder = temporaryFolder();
    const wal = join(folder.path, "queue.db-wal");
    let receiver = await startReceiver();
    const { port, url } = receiver;
    const stock = stockExporter(url);
    await Bun.sleep(1_300);
    const before = receiver.requests.filter(({ path }) => path === "/stock");
    expect(before.length).toBeGreaterThan(0);
    await receiver.close();

    const first = new Agent(folder.path, url, 1);
    await first.reaches(220);
    const acknowledged = await first.kill();
    const second = new Agent(folder.path, url, acknowledged + 1);
    await second.reaches(acknowledged + 200);
    const atTear = await second.kill();
    expect(existsSync(wal)).toBe(true);
    truncateSync(wal, statSync(wal).size - 300);
    const third = new Agent(folder.path, url, atTear + 1);
    await third.reaches(Math.max(600, atTear + 180));

    receiver = await startReceiver(port);
    receiver.requests.push(...before);
    const up = third.last;
    while (newestOf(receiver) < up) await Bun.sleep(100);
    // The control's turn: its retries may wait for 5 s.
    const control = () => gapOf(receiver) > 1_000;
    for (let i = 0; i < 60 && !control(); i++) await Bun.sleep(100);
    const late = await third.end();
    await stock.stop();
    const seen = collectionsOf(receiver).map(numberOf);
    const numbers = seen.map(({ number }) => number);
    await receiver.close();

    const missing = Array.from({ length: up }, (_, i) => i + 1).filter((n) => !numbers.includes(n));
    expect(missing.length).toBeLessThanOrEqual(1);
    for (const torn of missing) expect(torn).toBe(atTear);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    // A collection between its insert and its number on stdout is counted again: once per kill.
    expect(numbers.length - new Set(numbers).size).toBeLessThanOrEqual(2);
    const times = seen.map(({ timeMs }) => timeMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const replayed = seen.filter(({ number }) => number <= up);
    const spanMs = (replayed.at(-1)?.at ?? 0) - (replayed[0]?.at ?? 0);
    const leastMs = ((replayed.length - 2) / REPLAY_PER_SEC) * 1_000;
    expect(spanMs).toBeGreaterThan(leastMs * 0.95);
    expect(late).toBeLessThan(100);
    const gap = gapOf(receiver);
    expect(gap).toBeGreaterThan(1_500);
    console.info(
      `outage of ${up} collections: ours missing ${missing.length}, ` +
        `replayed in ${Math.round(spanMs)} ms (at the rate: ${Math.round(leastMs)} ms), ` +
        `event loop late by ${late} ms at most; gap of the stock exporter ${gap} ms`,
    );
    folder.remove();
  }, 60_000);
});
