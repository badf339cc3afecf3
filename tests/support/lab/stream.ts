/**
 * The witness of a failover: a UDP stream from one namespace through its default route to another,
 * which notes by which uplink each packet came. Sender and receiver are processes of their own
 * with absolute schedules, ahead of what they watch.
 */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Subprocess } from "bun";
import { linesOf } from "./lines.ts";
import type { Namespace } from "./namespace.ts";
import { StreamReport } from "./stream-report.ts";

const SENDER = join(import.meta.dir, "stream-sender.ts");
const RECEIVER = join(import.meta.dir, "stream-receiver.ts");
const START_MS = 10_000;
/** Packets under way when the sender ends, slow paths included. */
const LAST_MS = 300;
const FIELDS = 4;

export interface StreamOptions {
  readonly from: Namespace;
  readonly to: Namespace;
  /** Devices of `to` by the name of the uplink behind them. */
  readonly devices: Readonly<Record<string, string>>;
  readonly family: 4 | 6;
  /** An address of `to`. */
  readonly target: string;
  /** default 1,000 */
  readonly perSecond?: number;
  /** Two streams at once need two; default 9009 */
  readonly port?: number;
}

export interface Stream {
  /** Ends it and tells what was seen. */
  stop(): Promise<StreamReport>;
  /** Ends it whatever happened; may be called after `stop`. */
  close(): Promise<void>;
}

interface Witness {
  readonly child: Subprocess<"pipe", "pipe", "pipe">;
  readonly lines: AsyncGenerator<string>;
}

/** Resolves when packets flow. */
export async function startStream(options: StreamOptions): Promise<Stream> {
  const folder = mkdtempSync(join(tmpdir(), "plab-stream-"));
  const files = { sent: join(folder, "sent"), arrived: join(folder, "arrived") };
  const port = `${options.port ?? 9_009}`;
  const family = `${options.family}`;
  const rate = `${options.perSecond ?? 1_000}`;
  const processes: Witness[] = [];
  const start = async (namespace: Namespace, args: readonly string[]) => {
    const witness = spawn(namespace, args);
    processes.push(witness);
    await ready(witness);
    return witness;
  };
  const close = async () => {
    for (const { child } of processes) child.kill("SIGKILL");
    await Promise.all(processes.map(({ child }) => child.exited));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const devices = Object.values(options.devices);
    const receiver = await start(options.to, [RECEIVER, family, port, files.arrived, ...devices]);
    const to = [family, options.target, port, rate];
    const sender = await start(options.from, [SENDER, ...to, files.sent]);
    const stop = async () => {
      const told = JSON.parse(await ended(sender));
      await Bun.sleep(LAST_MS);
      await ended(receiver);
      const offers = doublesOf(files.sent);
      const sentUs = offers.map(Math.abs);
      const refused = new Set([...offers.keys()].filter((seq) => (offers[seq] ?? 0) < 0));
      const arrivals = arrivalsOf(doublesOf(files.arrived), Object.keys(options.devices));
      return new StreamReport({ sentUs, refused, arrivals, ...told });
    };
    return { stop, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function spawn(namespace: Namespace, args: readonly string[]): Witness {
  const command = namespace.command(["chrt", "-f", "10", process.execPath, ...args]);
  const child = Bun.spawn(command, { stdin: "pipe", stdout: "pipe", stderr: "pipe" });
  return { child, lines: linesOf(child.stdout) };
}

async function ready({ child, lines }: Witness): Promise<void> {
  const first = await Promise.race([lines.next(), Bun.sleep(START_MS).then(() => null)]);
  if (first !== null && first.done !== true) return;
  child.kill("SIGKILL");
  throw new Error(`the stream does not start: ${await new Response(child.stderr).text()}`);
}

/** Closes its stdin; its last line, empty when it has nothing to say. */
async function ended({ child, lines }: Witness): Promise<string> {
  await child.stdin.end();
  const last = await lines.next();
  const problems = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`the stream ended badly: ${problems}`);
  return last.done === true ? "" : last.value;
}

function doublesOf(file: string): Float64Array {
  const octets = readFileSync(file);
  return new Float64Array(
    octets.buffer.slice(octets.byteOffset, octets.byteOffset + octets.length),
  );
}

function arrivalsOf(rows: Float64Array, paths: readonly string[]) {
  return Array.from({ length: rows.length / FIELDS }, (_, i) => ({
    seq: rows[i * FIELDS] ?? Number.NaN,
    arrivedUs: rows[i * FIELDS + 2] ?? Number.NaN,
    path: paths[rows[i * FIELDS + 3] ?? -1] ?? "?",
  }));
}
