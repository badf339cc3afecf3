/**
 * One exporter at work, as a process of its own so that its memory is its own: `bun otlp-run.ts
 * ours|stock PATHS EXPORTS`. Prints {"ms": per export, "anonMib": after, "bytes": of one request}.
 * Both collect, serialize and pack; ours ends at the queue, stock at a receiver on loopback, whose
 * work is not in its span of time.
 */

import { readFileSync } from "node:fs";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { ProtobufMetricsSerializer } from "@opentelemetry/otlp-transformer";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import type { DurableQueue } from "../../agent/controller/queue/ports.ts";
import { createClock } from "../../agent/io/clock.ts";
import { Telemetry } from "../../agent/io/telemetry/telemetry.ts";
import { FakeLog } from "./fake-log.ts";
import { NODE, otlpConfig, otlpDestination, telemetrySource } from "./telemetry.ts";

interface Run {
  once(): Promise<number>;
}

class PlainReader extends MetricReader {
  protected onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

function ours(paths: number): Run {
  let bytes = 0;
  const queue: DurableQueue = {
    open: () => {},
    enqueue: (_, { body }) => {
      bytes += body.byteLength;
    },
    has: () => false,
    nudge: () => {},
    state: () => ({ destinations: [], fault: null }),
    deadLetters: () => [],
    stop: () => Promise.resolve(),
  };
  const source = telemetrySource(paths);
  const parts = { clock: createClock(), log: new FakeLog(), queue, isClockSane: () => true };
  const otlp = otlpConfig([otlpDestination()]);
  const options = { otlp, node: NODE, intervalMs: 86_400_000 };
  const telemetry = new Telemetry(options, { ...parts, source });
  return {
    async once() {
      bytes = 0;
      await telemetry.collect();
      return bytes;
    },
  };
}

/** As many series through instruments, with the exporter's own serializer. */
function stock(paths: number): Run {
  const source = telemetrySource(paths);
  const reader = new PlainReader({});
  const provider = new MeterProvider({ readers: [reader] });
  const meter = provider.getMeter("control");
  const gauges = ["score", "latency", "loss", "jitter", "status", "latency_s", "jitter_s", "ratio"];
  for (const name of [...gauges, "mos", "up", "degraded", "down", "unknown"]) {
    meter.createObservableGauge(`patronus_sdwan_path_${name}`).addCallback((result) => {
      for (const [row, path] of source.paths.entries()) {
        const value = source.scorer.series.latencyMs[row] ?? 0;
        result.observe(value, { path_id: path.id, path_name: path.name, site: "berlin" });
      }
    });
  }
  const probes = meter.createObservableCounter("patronus.sdwan.probes");
  probes.addCallback((result) => {
    for (const path of source.paths) {
      for (const outcome of ["replied", "late", "lost", "unreachable", "corrupt", "unsent"]) {
        result.observe(1_000, { path_id: path.id, path_name: path.name, outcome });
      }
    }
  });
  return {
    async once() {
      const { resourceMetrics } = await reader.collect();
      const body = ProtobufMetricsSerializer.serializeRequest(resourceMetrics) ?? new Uint8Array();
      return Bun.gzipSync(new Uint8Array(body)).byteLength;
    },
  };
}

/** The stock exporter's own way over the network, for its memory. */
async function pushStock(paths: number, exports: number): Promise<void> {
  const server = Bun.serve({
    ...{ port: 0, hostname: "127.0.0.1" },
    fetch: async (request) => {
      await request.arrayBuffer();
      return new Response();
    },
  });
  const source = telemetrySource(paths);
  const url = `http://127.0.0.1:${server.port}/v1/metrics`;
  const exporter = new OTLPMetricExporter({ url });
  const reader = new PlainReader({});
  const provider = new MeterProvider({ readers: [reader] });
  provider
    .getMeter("control")
    .createObservableGauge("g")
    .addCallback((result) => {
      for (const path of source.paths) result.observe(1, { path_id: path.id });
    });
  for (let i = 0; i < exports; i++) {
    const { resourceMetrics } = await reader.collect();
    await new Promise<void>((resolve) => exporter.export(resourceMetrics, () => resolve()));
  }
  await server.stop(true);
}

function anonMib(): number {
  Bun.gc(true);
  const status = readFileSync("/proc/self/status", "utf8");
  return Number(/RssAnon:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024;
}

async function main(kind: string, paths: number, exports: number): Promise<void> {
  const run = kind === "ours" ? ours(paths) : stock(paths);
  const spans: number[] = [];
  let bytes = 0;
  for (let i = 0; i < exports; i++) {
    const started = performance.now();
    bytes = await run.once();
    spans.push(performance.now() - started);
  }
  if (kind === "stock") await pushStock(paths, Math.min(20, exports));
  spans.sort((a, b) => a - b);
  const ms = spans[Math.floor(spans.length / 2)] ?? Number.NaN;
  console.log(JSON.stringify({ ms, anonMib: anonMib(), bytes }));
  process.exit(0);
}

const [kind = "ours", paths = "10", exports = "100"] = process.argv.slice(2);
await main(kind, Number(paths), Number(exports));
