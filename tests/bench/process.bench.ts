/**
 * The whole agent, compiled: exec -> first probe and first scrape, memory and CPU of its three
 * processes with ten paths at the default pace. Prints one JSON line per figure. FULL=1 watches for
 * 10 minutes.
 */

import { startAgent } from "../support/agent.ts";
import { cpuNs, memoryOf, switchesOf } from "../support/processes.ts";
import { printFigure } from "./figure.ts";

const STARTS = 12;
const WATCH_S = process.env["FULL"] === "1" ? 600 : 60;

function paths(port: number): string {
  const icmp = Array.from(
    { length: 9 },
    (_, i) => `  - { id: p${i}, targets: ["127.0.0.${i + 2}"] }`,
  );
  const udp = `  - { id: udp, targets: [{ host: 127.0.0.1, probe: { type: udp, port: ${port} } }] }`;
  // The first series has phase 0: its first probe leaves as soon as the table is there.
  return ["paths:", udp, ...icmp, ""].join("\n");
}

interface StartTimes {
  readonly probeMs: number;
  readonly metricsMs: number;
}

/** From exec to the first datagram at our own UDP socket, and to an answer of /metrics. */
async function startTimes(): Promise<StartTimes> {
  let arrived: (at: number) => void = () => {};
  const first = new Promise<number>((resolve) => {
    arrived = resolve;
  });
  const socket = await Bun.udpSocket({
    hostname: "127.0.0.1",
    socket: { data: () => arrived(performance.now()) },
  });
  const started = performance.now();
  const agent = startAgent({ config: paths(socket.port) });
  const probing = first.then((at) => at - started);
  await agent.until("/metrics", async () => (await (await agent.get("/metrics")).text()) !== "");
  const metricsMs = performance.now() - started;
  const probeMs = await probing;
  await agent.stop();
  await agent.sweep();
  socket.close();
  return { probeMs, metricsMs };
}

async function startUp(): Promise<void> {
  const samples: StartTimes[] = [];
  for (let i = 0; i < STARTS; i++) samples.push(await startTimes());
  const report = (what: string, value: (times: StartTimes) => number, bar: number) => {
    const sorted = samples.map(value).sort((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
    printFigure({ name: `exec -> ${what}, median`, unit: "ms", value: median, bar });
    printFigure({ name: `exec -> ${what}, worst`, unit: "ms", value: sorted.at(-1) ?? 0 });
  };
  report("first probe", ({ probeMs }) => probeMs, 80);
  report("/metrics answers", ({ metricsMs }) => metricsMs, 150);
}

async function steady(): Promise<void> {
  const echo = await Bun.udpSocket({
    hostname: "127.0.0.1",
    socket: {
      data: (socket, bytes, port, address) => {
        socket.send(bytes, port, address);
      },
    },
  });
  const agent = startAgent({ config: paths(echo.port) });
  await agent.until("ready", async () => (await agent.get("/readyz")).ok, 30_000);
  await Bun.sleep(10_000);
  const pids = [agent.supervisorPid(), ...agent.children()];
  const before = pids.map((pid) => ({ cpu: cpuNs(pid), switches: switchesOf(pid) }));
  await Bun.sleep(WATCH_S * 1_000);
  const names = [
    "supervisor",
    ...pids.slice(1).map((pid) => (pid === agent.pidOf("worker") ? "worker" : "controller")),
  ];
  let pss = 0;
  let anonymous = 0;
  let cpu = 0;
  for (const [i, pid] of pids.entries()) {
    const memory = memoryOf(pid);
    const used = cpuNs(pid) - (before[i]?.cpu ?? 0);
    pss += memory.pssKb / 1e3;
    anonymous += memory.anonymousKb / 1e3;
    cpu += used;
    printFigure({ name: `${names[i]} PSS`, unit: "MB", value: memory.pssKb / 1e3 });
    printFigure({ name: `${names[i]} anonymous`, unit: "MB", value: memory.anonymousKb / 1e3 });
    const switches = (switchesOf(pid) - (before[i]?.switches ?? 0)) / WATCH_S;
    printFigure({ name: `${names[i]} context switches`, unit: "/s", value: switches });
    printFigure({ name: `${names[i]} CPU`, unit: "%", value: used / (WATCH_S * 1e7) });
  }
  printFigure({ name: "all processes PSS, 10 paths", unit: "MB", value: pss, bar: 54 });
  printFigure({ name: "all processes anonymous, 10 paths", unit: "MB", value: anonymous, bar: 16 });
  printFigure({
    name: "CPU, 10 paths, balanced",
    unit: "%",
    value: cpu / (WATCH_S * 1e7),
    bar: 0.3,
  });
  await agent.stop();
  await agent.sweep();
  echo.close();
}

await startUp();
await steady();
