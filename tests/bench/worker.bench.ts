/**
 * The prober beside its peer: CPU per probe at 10,000 probes/s against fping's at the same pace,
 * the rate that one worker reaches on loopback without losing a probe itself, the RTT against a
 * kernel capture of the same packets, and the memory of a worker with ten series. Root.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OUTCOME_FLAG } from "../../agent/domain/outcome.ts";
import { TABLE_FLAG } from "../../agent/wire/frame.ts";
import { ECHO_REPLY, ECHO_REQUEST, echoStampsOf } from "../support/capture.ts";
import type { Namespace } from "../support/lab/namespace.ts";
import { createNamespace } from "../support/lab/namespace.ts";
import type { NamedOutcome } from "../support/probe-run.ts";
import { cpuNs, memoryOf, switchesOf } from "../support/processes.ts";
import { udpRow } from "../support/table-rows.ts";
import { WorkerProcess } from "../support/worker-process.ts";
import { printFigure } from "./figure.ts";

const RATE = 10_000;
const SERIES = 1_000;
const ROUNDS = 3;
const SECONDS = process.env["FULL"] === "1" ? 20 : 5;
const KNOBS = {
  BUN_JSC_numberOfGCMarkers: "1",
  BUN_JSC_useConcurrentGC: "0",
  BUN_JSC_numberOfDFGCompilerThreads: "1",
};

const folder = mkdtempSync(join(tmpdir(), "patronus-bench-"));

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

interface RateResult {
  readonly rate: number;
  readonly cpuUsPerProbe: number;
  readonly skipped: number;
  readonly notReplied: number;
}

function ours(rate: number, series: number): RateResult {
  const script = join(import.meta.dir, "../support/rate-run.ts");
  const command = [process.execPath, script, String(rate), String(series), String(SECONDS)];
  const { stdout } = Bun.spawnSync(command, { env: { ...process.env, ...KNOBS } });
  return JSON.parse(stdout.toString());
}

/** CPU us per probe; null: no fping here. The pause between sends lets it reach 10,000/s. */
async function fping(): Promise<number | null> {
  if (Bun.which("fping") === null) return null;
  const targets = join(folder, "targets");
  const lines = Array.from(
    { length: SERIES },
    (_, i) => `127.0.${1 + Math.floor(i / 250)}.${1 + (i % 250)}`,
  );
  writeFileSync(targets, `${lines.join("\n")}\n`);
  const period = (1e3 * SERIES) / RATE;
  const count = (SECONDS * RATE) / SERIES;
  const options = ["-q", "-i", "0.01", "-p", String(period), "-c", String(count), "-f", targets];
  const peer = Bun.spawn(["fping", ...options], { stdout: "ignore", stderr: "ignore" });
  let used = 0;
  while (peer.exitCode === null) {
    try {
      used = cpuNs(peer.pid);
    } catch {
      break; // ended between the two reads
    }
    await Bun.sleep(20);
  }
  await peer.exited;
  return used / 1e3 / (count * SERIES);
}

async function cpuPerProbe(): Promise<void> {
  const mine: number[] = [];
  const peers: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    mine.push(ours(RATE, SERIES).cpuUsPerProbe);
    const peer = await fping();
    if (peer !== null) peers.push(peer);
  }
  printFigure({ name: "CPU per probe at 10,000/s", unit: "us", value: median(mine) });
  if (peers.length === 0) return;
  printFigure({ name: "CPU per probe at 10,000/s, fping", unit: "us", value: median(peers) });
  const ratio = median(mine) / median(peers);
  printFigure({ name: "CPU per probe over fping's", unit: "", value: ratio, bar: 0.45 });
}

function ceiling(): void {
  const result = ours(50_000, 10_000);
  const lost = result.notReplied;
  printFigure({
    name: "probes/s of one worker, 10,000 targets, loopback",
    unit: "/s",
    value: result.rate,
    bar: 49_500,
    atLeast: true,
  });
  printFigure({ name: "probes lost of its own making at 50,000/s", unit: "", value: lost, bar: 0 });
  printFigure({ name: "sends skipped at 50,000/s", unit: "", value: result.skipped });
}

/** The receiving side of one end: a tap on the sending side would itself take microseconds. */
async function startCapture(end: Namespace, device: string, file: string) {
  const options = ["-Q", "in", "-i", device, "--time-stamp-precision=nano", "-U", "-w", file];
  const capture = Bun.spawn(end.command(["tcpdump", ...options, "icmp"]), { stderr: "ignore" });
  await Bun.sleep(700);
  return capture;
}

/**
 * Two namespaces and a cable. Truth is the kernel's stamp of the reply at our end minus its stamp
 * of the request at the far end, which follows our send stamp without anything between.
 */
async function rttError(stall: string): Promise<void> {
  const [near, far] = [createNamespace("near"), createNamespace("far")];
  try {
    near.exec(["ip", "link", "add", "pat0", "type", "veth", "peer", "pat1", "netns", far.name]);
    near.exec(["ip", "addr", "add", "10.158.0.1/30", "dev", "pat0"]);
    far.exec(["ip", "addr", "add", "10.158.0.2/30", "dev", "pat1"]);
    near.exec(["ip", "link", "set", "pat0", "up"]);
    far.exec(["ip", "link", "set", "pat1", "up"]);
    const files = [join(folder, "requests.pcap"), join(folder, "replies.pcap")] as const;
    const captures = [
      await startCapture(far, "pat1", files[0]),
      await startCapture(near, "pat0", files[1]),
    ];
    const script = join(import.meta.dir, "../support/rtt-run.ts");
    const text = near.exec([process.execPath, script, "10.158.0.2", "3000", "2", stall]);
    await Bun.sleep(1_500); // tcpdump's last block
    for (const capture of captures) {
      capture.kill("SIGTERM");
      await capture.exited;
    }
    const requests = echoStampsOf(readFileSync(files[0]), ECHO_REQUEST);
    const replies = echoStampsOf(readFileSync(files[1]), ECHO_REPLY);
    const truth = [...requests].map(([number, at]) => (replies.get(number) ?? Number.NaN) - at);
    report(stall, JSON.parse(text), truth);
  } finally {
    near.close();
    far.close();
  }
}

function report(stall: string, outcomes: readonly NamedOutcome[], truth: readonly number[]): void {
  // The first may precede the kernel's stamping, which starts with the first socket that asks.
  const errors = outcomes
    .slice(5)
    .filter(({ kind, flags }) => kind === "replied" && (flags & OUTCOME_FLAG.rttVoid) === 0)
    .map(({ seq, rttUs }) => Math.abs(rttUs - (truth[seq] ?? Number.NaN)))
    .filter((error) => !Number.isNaN(error));
  const name = `RTT error against capture${stall === "" ? "" : ", loop stalls 80 ms"}`;
  printFigure({
    name: `${name}, compared`,
    unit: "",
    value: errors.length,
    bar: 500,
    atLeast: true,
  });
  printFigure({ name: `${name}, median`, unit: "us", value: median(errors), bar: 2 });
  printFigure({ name: `${name}, p99`, unit: "us", value: quantile(errors, 0.99), bar: 10 });
}

async function idleMemory(): Promise<void> {
  const worker = new WorkerProcess();
  await worker.hello();
  const rows = Array.from({ length: 10 }, (_, i) =>
    udpRow([127, 0, 0, i + 1], 39_001, {
      intervalUs: 2_000_000,
      timeoutUs: 1_000_000,
      phase: i / 10,
      flags: TABLE_FLAG.acceptUnreachable,
    }),
  );
  await worker.table(1, rows);
  await Bun.sleep(3_000);
  const { pid } = worker.process;
  const before = { cpu: cpuNs(pid), switches: switchesOf(pid) };
  await Bun.sleep(10_000);
  const memory = memoryOf(pid);
  printFigure({ name: "worker anonymous, 10 series", unit: "MB", value: memory.anonymousKb / 1e3 });
  const cpu = (cpuNs(pid) - before.cpu) / 1e8;
  printFigure({ name: "worker CPU, 10 series", unit: "%", value: cpu });
  const switches = (switchesOf(pid) - before.switches) / 10;
  printFigure({ name: "worker context switches, 10 series", unit: "/s", value: switches });
  await worker.sweep();
}

try {
  await cpuPerProbe();
  ceiling();
  await rttError("");
  await rttError("stall");
  await idleMemory();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
