/**
 * A kernel capture inside a namespace: whole IP packets with the kernel's stamps in ns, taken by
 * tcpdump. `in` captures see the stamp that sockets see; one of the sending side is taken before
 * the driver's and would itself cost microseconds.
 */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Namespace } from "./namespace.ts";

export interface CapturedPacket {
  /** us on the wall clock, since midnight UTC. */
  readonly atUs: number;
  /** From the IP header on, as far as it was kept. */
  readonly raw: Uint8Array;
}

export interface CaptureOptions {
  readonly device: string;
  readonly direction: "in" | "out" | "inout";
  /** In tcpdump's words, e.g. "icmp or icmp6". */
  readonly filter: string;
}

export interface Capture {
  /** Ends it; the packets in the order the kernel saw them. */
  stop(): Promise<CapturedPacket[]>;
}

/** null: captures can be made; else the reason, for the name of a skipped test. */
export function captureProblem(): string | null {
  return Bun.which("tcpdump") === null ? "needs tcpdump" : null;
}

/** More than any probe: a capture that cuts would pass for a short packet. */
const KEPT_OCTETS = 2_048;
/** KiB in the kernel: some 20,000 packets of a moment in which tcpdump is not run. */
const BUFFER_KB = 8_192;
/** The last packets reach tcpdump at once, but it has to be scheduled to write them. */
const LAST_MS = 300;

/** Resolves when the kernel captures. Throws with tcpdump's complaint. */
export async function startCapture(
  namespace: Namespace,
  { device, direction, filter }: CaptureOptions,
): Promise<Capture> {
  const folder = mkdtempSync(join(tmpdir(), "plab-capture-"));
  const file = join(folder, "packets.pcap");
  const program = ["tcpdump", "-Z", "root", "-i", device, "-Q", direction, "-n", "-U"];
  const stamps = ["--time-stamp-precision=nano", "--immediate-mode"];
  const sizes = ["-s", `${KEPT_OCTETS}`, "-B", `${BUFFER_KB}`, "-w", file];
  const command = namespace.command([...program, ...stamps, ...sizes, filter]);
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  const reader = child.stderr.getReader();
  let said = "";
  while (!said.includes("listening on")) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`tcpdump ended: ${said.trim()}`);
    said += new TextDecoder().decode(value);
  }
  reader.releaseLock();
  return {
    async stop() {
      await Bun.sleep(LAST_MS);
      child.kill("SIGTERM");
      await child.exited;
      const packets = readPcap(readFileSync(file));
      rmSync(folder, { recursive: true, force: true });
      return packets;
    },
  };
}

const PCAP_NS = 0xa1b2_3c4d;
const FILE_HEADER = 24;
const PACKET_HEADER = 16;
/** Octets in front of the IP header by link type: ethernet, raw IP. */
const LINK_OCTETS: Readonly<Record<number, number>> = { 1: 14, 12: 0, 101: 0 };
/** Seconds are kept modulo this, so that ns survive in a number. */
const DAY_SECONDS = 86_400;

/** Throws when the file is of another kind. */
export function readPcap(file: Uint8Array): CapturedPacket[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (view.getUint32(0, true) !== PCAP_NS) throw new Error("not a pcap file with ns stamps");
  const link = LINK_OCTETS[view.getUint32(20, true)];
  if (link === undefined) throw new Error(`unknown link type ${view.getUint32(20, true)}`);
  const packets: CapturedPacket[] = [];
  for (let at = FILE_HEADER; at + PACKET_HEADER <= file.byteLength; ) {
    const seconds = view.getUint32(at, true) % DAY_SECONDS;
    const end = at + PACKET_HEADER + view.getUint32(at + 8, true);
    packets.push({
      atUs: seconds * 1e6 + view.getUint32(at + 4, true) / 1e3,
      raw: file.subarray(at + PACKET_HEADER + link, end),
    });
    at = end;
  }
  return packets;
}
