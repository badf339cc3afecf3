/**
 * What watching 1, 10 and 100 paths costs a box: memory, wake-ups and CPU of all processes of the
 * agent (with failover, history and a web page), of smokeping_prober and of blackbox_exporter (with
 * neither), on the same loopback targets at the same rate, at the same time. FULL=1 watches for ten
 * minutes. Peers that are not installed are named and left out.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunningAgent } from "../support/agent.ts";
import { startAgent } from "../support/agent.ts";
import { cpuNs, memoryOf, switchesOf } from "../support/processes.ts";
import { printFigure } from "./figure.ts";

const SIZES = [1, 10, 100] as const;
/** Of the profile `balanced`. */
const INTERVAL_S = 2;
/** Until tables are laid, code is compiled and pages of the start are given back. */
const SETTLE_MS = 15_000;
const WATCH_S = process.env["FULL"] === "1" ? 600 : 30;
const SMOKEPING_PORT = 19_375;
const BLACKBOX_PORT = 19_376;

interface Watched {
  readonly name: string;
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

const folder = mkdtempSync(join(tmpdir(), "patronus-footprint-"));
const targetsOf = (count: number) => Array.from({ length: count }, (_, i) => `127.0.3.${1 + i}`);

async function ours(count: number): Promise<Watched> {
  const lines = targetsOf(count).map((target, i) => `  - { id: p${i}, targets: ["${target}"] }`);
  const agent: RunningAgent = startAgent({ config: `paths:\n${lines.join("\n")}\n` });
  await agent.until("ready", async () => (await agent.get("/readyz")).ok, 60_000);
  return {
    name: "patronus-agent",
    pids: [agent.supervisorPid(), ...agent.children()],
    async stop() {
      await agent.stop();
      await agent.sweep();
    },
  };
}

function peer(name: string, command: readonly string[], stopMore = () => {}): Watched | null {
  if (Bun.which(command[0] ?? "") === null) {
    console.error(`${name}: left out, needs the Debian package ${command[0]}`);
    return null;
  }
  const child = Bun.spawn([...command], { stdout: "ignore", stderr: "ignore" });
  return {
    name,
    pids: [child.pid],
    async stop() {
      stopMore();
      child.kill();
      await child.exited;
    },
  };
}

function smokeping(count: number): Watched | null {
  const config = join(folder, "smokeping.yml");
  writeFileSync(config, "targets: []\n");
  return peer("smokeping_prober", [
    "prometheus-smokeping-prober",
    `--config.file=${config}`,
    `--web.listen-address=127.0.0.1:${SMOKEPING_PORT}`,
    `--ping.interval=${INTERVAL_S}s`,
    ...["--privileged", ...targetsOf(count)],
  ]);
}

/** It probes when it is asked to; who asks is not counted. */
function blackbox(count: number): Watched | null {
  const config = join(folder, "blackbox.yml");
  writeFileSync(config, "modules: { icmp: { prober: icmp, timeout: 1s } }\n");
  const address = `127.0.0.1:${BLACKBOX_PORT}`;
  const targets = targetsOf(count);
  let next = 0;
  const asking = setInterval(
    () => {
      const target = targets[next++ % count] ?? "";
      const url = `http://${address}/probe?module=icmp&target=${target}`;
      void fetch(url).then(
        (answer) => answer.arrayBuffer(),
        () => {},
      );
    },
    (1_000 * INTERVAL_S) / count,
  );
  const options = [`--config.file=${config}`, `--web.listen-address=${address}`];
  const stop = () => clearInterval(asking);
  const watched = peer("blackbox_exporter", ["prometheus-blackbox-exporter", ...options], stop);
  if (watched === null) stop();
  return watched;
}

function sum(pids: readonly number[], value: (pid: number) => number): number {
  return pids.reduce((total, pid) => total + value(pid), 0);
}

async function measure(count: number): Promise<void> {
  const watched = [await ours(count), smokeping(count), blackbox(count)].filter(
    (one) => one !== null,
  );
  await Bun.sleep(SETTLE_MS);
  const before = watched.map(({ pids }) => [sum(pids, cpuNs), sum(pids, switchesOf)] as const);
  await Bun.sleep(WATCH_S * 1_000);
  for (const [i, { name, pids }] of watched.entries()) {
    const [cpu = 0, switches = 0] = before[i] ?? [];
    const figure = (what: string, unit: string, value: number) =>
      printFigure({ name: `${count} paths, ${name}, ${what}`, unit, value });
    figure("PSS", "MB", sum(pids, (pid) => memoryOf(pid).pssKb) / 1e3);
    figure("anonymous", "MB", sum(pids, (pid) => memoryOf(pid).anonymousKb) / 1e3);
    figure("wake-ups", "/s", (sum(pids, switchesOf) - switches) / WATCH_S);
    figure("CPU", "%", (sum(pids, cpuNs) - cpu) / (WATCH_S * 1e7));
  }
  for (const one of watched) await one.stop();
}

for (const count of SIZES) await measure(count);
rmSync(folder, { recursive: true });
