/** A VictoriaMetrics on loopback for a test, or the reason why there is none. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./journals.ts";

export interface VictoriaMetrics {
  readonly url: string;
  /** Everything stored whose name begins so, as exported: one object a series. */
  series(prefix: string): Promise<readonly ExportedSeries[]>;
  stop(): Promise<void>;
}

export interface ExportedSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly number[];
  readonly timestamps: readonly number[];
}

/** PATRONUS_VICTORIA_METRICS: another place of the program. */
function program(): string | null {
  const named = process.env["PATRONUS_VICTORIA_METRICS"];
  if (named !== undefined) return named;
  return (
    ["/usr/bin/victoria-metrics"].find((path) => existsSync(path)) ?? Bun.which("victoria-metrics")
  );
}

/** Debian's of trixie (1.112) and newer; that of bookworm (1.79) has no OTLP receiver. */
export async function startVictoriaMetrics(): Promise<
  VictoriaMetrics | { readonly skipped: string }
> {
  const path = program();
  if (path === null) return { skipped: "needs victoria-metrics of Debian trixie (>= 1.112)" };
  const folder = temporaryFolder();
  const probe = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const { port } = probe;
  await probe.stop(true);
  const child = Bun.spawn(
    [
      path,
      `-storageDataPath=${join(folder.path, "vm")}`,
      `-httpListenAddr=127.0.0.1:${port}`,
      ...["-retentionPeriod=1d", "-memory.allowedPercent=5", "-search.latencyOffset=0s"],
      "-opentelemetry.usePrometheusNaming",
    ],
    { stdout: "ignore", stderr: "ignore" },
  );
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    child.kill();
    await child.exited;
    folder.remove();
  };
  for (let i = 0; i < 100; i++) {
    const health = await fetch(`${url}/health`).catch(() => null);
    if (health?.ok === true) return { url, stop, series: (prefix) => exported(url, prefix) };
    await Bun.sleep(50);
  }
  await stop();
  throw new Error("victoria-metrics does not answer within 5 s");
}

async function exported(url: string, prefix: string): Promise<readonly ExportedSeries[]> {
  await fetch(`${url}/internal/force_flush`);
  await Bun.sleep(1_000);
  const match = encodeURIComponent(`{__name__=~"${prefix}.*"}`);
  const answer = await fetch(`${url}/api/v1/export?match[]=${match}`);
  const lines = (await answer.text()).split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as ExportedSeries);
}
