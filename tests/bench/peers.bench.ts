/**
 * Side by side on the same thousand loopback targets at 5,000, 10,000 and 50,000 probes/s: our
 * loop, fping, and smokeping_prober where installed. CPU per probe, loss of its own making
 * (loopback loses nothing), RTT. At most 60,000 probes a run: fping has 65,535 numbers for ten
 * seconds.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Subprocess } from "bun";
import { cpuNs, isAlive } from "../support/processes.ts";
import { printFigure } from "./figure.ts";

const SERIES = 1_000;
const PROBES = 50_000;
const RATES = [5_000, 10_000, 50_000] as const;
const SMOKEPING_PORT = 19_374;

interface Result {
  readonly cpuUs: number;
  readonly lossPct: number;
  /** ms; with smokeping_prober the mean, it keeps no more. */
  readonly rttMs: number;
  /** p95 less median, ms; null: not known. */
  readonly spreadMs: number | null;
}

const folder = mkdtempSync(join(tmpdir(), "patronus-bench-"));
const targets = Array.from(
  { length: SERIES },
  (_, i) => `127.0.${1 + Math.floor(i / 250)}.${1 + (i % 250)}`,
);

function ours(rate: number): Result {
  const script = join(import.meta.dir, "../support/rate-run.ts");
  const command = [process.execPath, script, String(rate), String(SERIES), String(PROBES / rate)];
  const run = JSON.parse(Bun.spawnSync(command).stdout.toString());
  return {
    cpuUs: run.cpuUsPerProbe,
    lossPct: (100 * run.notReplied) / PROBES,
    rttMs: run.rttP50Us / 1e3,
    spreadMs: (run.rttP95Us - run.rttP50Us) / 1e3,
  };
}

async function fping(rate: number): Promise<Result> {
  const list = join(folder, "targets");
  writeFileSync(list, `${targets.join("\n")}\n`);
  const count = PROBES / SERIES;
  const period = String((1e3 * SERIES) / rate);
  const options = ["-q", "-i", "0.01", "-p", period, "-C", String(count), "-f", list];
  const peer = Bun.spawn(["fping", ...options], { stdout: "ignore", stderr: "pipe" });
  const used = watchCpu(peer);
  const text = await new Response(peer.stderr).text();
  await peer.exited;
  const rtts: number[] = [];
  let lost = 0;
  for (const line of text.split("\n")) {
    for (const word of (line.split(" : ")[1] ?? "").split(" ")) {
      if (word === "-") lost++;
      else if (word !== "") rtts.push(Number(word));
    }
  }
  rtts.sort((a, b) => a - b);
  const at = (q: number) => rtts[Math.floor(q * rtts.length)] ?? Number.NaN;
  return {
    cpuUs: (await used) / 1e3 / PROBES,
    lossPct: (100 * lost) / PROBES,
    rttMs: at(0.5),
    spreadMs: at(0.95) - at(0.5),
  };
}

/** CPU ns of a process until it ends. */
async function watchCpu(peer: Subprocess): Promise<number> {
  let used = 0;
  while (peer.exitCode === null && isAlive(peer.pid)) {
    try {
      used = cpuNs(peer.pid);
    } catch {
      break; // ended between the two reads
    }
    await Bun.sleep(5);
  }
  return used;
}

async function smokeping(rate: number): Promise<Result> {
  const interval = `${(1e6 * SERIES) / rate}us`;
  const address = `127.0.0.1:${SMOKEPING_PORT}`;
  const config = join(folder, "smokeping.yml");
  writeFileSync(config, "targets: []\n");
  const options = [
    `--config.file=${config}`,
    `--web.listen-address=${address}`,
    `--ping.interval=${interval}`,
    "--privileged",
  ];
  const peer = Bun.spawn(["prometheus-smokeping-prober", ...options, ...targets], {
    stdout: "ignore",
    stderr: "ignore",
  });
  try {
    if (!(await isServing(address))) throw new Error("smokeping_prober does not serve");
    await Bun.sleep(1_000);
    const before = { cpu: cpuNs(peer.pid), ...(await countsOf(address)) };
    await Bun.sleep((1e3 * PROBES) / rate);
    const after = { cpu: cpuNs(peer.pid), ...(await countsOf(address)) };
    const sent = after.sent - before.sent;
    const received = after.received - before.received;
    return {
      cpuUs: (after.cpu - before.cpu) / 1e3 / sent,
      lossPct: (100 * (sent - received)) / sent,
      rttMs: (1e3 * (after.seconds - before.seconds)) / received,
      spreadMs: null,
    };
  } finally {
    peer.kill();
    await peer.exited;
  }
}

/** It listens when all of its pingers have started. */
async function isServing(address: string): Promise<boolean> {
  for (let attempt = 0; attempt < 150; attempt++) {
    try {
      await countsOf(address);
      return true;
    } catch {
      await Bun.sleep(200);
    }
  }
  return false;
}

async function countsOf(address: string) {
  const text = await (await fetch(`http://${address}/metrics`)).text();
  const sum = (name: string) =>
    text
      .split("\n")
      .filter((line) => line.startsWith(`${name}{`))
      .reduce((total, line) => total + Number(line.split(" ").at(-1)), 0);
  return {
    sent: sum("smokeping_requests_total"),
    received: sum("smokeping_response_duration_seconds_count"),
    seconds: sum("smokeping_response_duration_seconds_sum"),
  };
}

function print(who: string, rate: number, { cpuUs, lossPct, rttMs, spreadMs }: Result): void {
  const name = `${rate}/s ${who}`;
  printFigure({ name: `${name}: CPU per probe`, unit: "us", value: cpuUs });
  printFigure({ name: `${name}: loss of its own`, unit: "%", value: lossPct });
  printFigure({ name: `${name}: RTT`, unit: "ms", value: rttMs });
  if (spreadMs !== null) {
    printFigure({ name: `${name}: RTT p95 less median`, unit: "ms", value: spreadMs });
  }
}

try {
  for (const rate of RATES) {
    print("ours", rate, ours(rate));
    if (Bun.which("fping") !== null) print("fping", rate, await fping(rate));
    // At 5,000/s it loses nearly all of them already.
    if (rate === RATES[0] && Bun.which("prometheus-smokeping-prober") !== null) {
      print("smokeping_prober (mean RTT)", rate, await smokeping(rate));
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
