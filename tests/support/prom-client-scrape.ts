/** The same exposition by prom-client: what a program pays that keeps its values in instruments. */

import { Counter, Gauge, Registry } from "prom-client";

const GAUGES = [
  "path_health_score",
  "path_latency_ms",
  "path_packet_loss_pct",
  "path_jitter_ms",
  "path_status",
  "path_latency_seconds",
  "path_jitter_seconds",
  "path_packet_loss_ratio",
  "path_mos",
] as const;
const STATES = ["up", "degraded", "down", "unknown"] as const;
const OUTCOMES = ["replied", "late", "lost", "unreachable", "corrupt", "unsent"] as const;

export interface PromClientScrape {
  /** Every path has other values than before. */
  change(run: number): void;
  /** Octets of the body. */
  scrape(): Promise<number>;
}

export function promClientScrape(paths: number): PromClientScrape {
  const registry = new Registry();
  const registers = [registry];
  const help = "the same as ours";
  const names = ["path_id", "path_name"];
  const gauges = GAUGES.map(
    (name) => new Gauge({ name: `patronus_sdwan_${name}`, help, labelNames: names, registers }),
  );
  const state = new Gauge({
    ...{ name: "patronus_sdwan_path_state", help, registers },
    labelNames: ["state", ...names],
  });
  const info = new Gauge({
    ...{ name: "patronus_sdwan_path_info", help, registers },
    labelNames: [...names, "interface", "target", "probe"],
  });
  const probes = new Counter({
    ...{ name: "patronus_sdwan_probes_total", help, registers },
    labelNames: ["outcome", "path_id"],
  });
  const labels = Array.from({ length: paths }, (_, row) => ({
    path_id: `path-${row}`,
    path_name: `Uplink number ${row}`,
  }));
  const change = (run: number) => {
    for (const [row, label] of labels.entries()) {
      for (const gauge of gauges) gauge.set(label, 5 + ((row * 37 + run * 101) % 90_000) / 1_000);
      for (const one of STATES) state.set({ state: one, ...label }, one === "up" ? 1 : 0);
      for (const outcome of OUTCOMES) probes.inc({ outcome, path_id: label.path_id }, 3);
    }
  };
  for (const label of labels) {
    info.set({ ...label, interface: "eth1", target: "192.0.2.1", probe: "icmp" }, 1);
  }
  return { change, scrape: async () => Buffer.byteLength(await registry.metrics()) };
}
