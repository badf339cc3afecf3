/**
 * The compiled `probe --type stamp` against a reflector made of scapy's STAMP classes, and what
 * tshark reads in a capture of both directions: two codecs we did not write.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Subprocess } from "bun";
import { FILE } from "../support/agent.ts";

/** Debian's: another python in PATH has no python3-scapy. */
const PYTHON = "/usr/bin/python3";
const COUNT = 6;

/** scapy finds the length of TLVs in a UDP header that is not here; they go back as they came. */
const REFLECTOR = `
import socket, time
from scapy.contrib.stamp import *
NTP = 2208988800
for form in (STAMPSessionSenderTestUnauthenticated, STAMPSessionReflectorTestUnauthenticated):
    form.fields_desc[-1].length_from = lambda packet: 0
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
count = 5000
while True:
    data, peer = server.recvfrom(2048)
    received = time.time() + NTP
    asked = STAMPSessionSenderTestUnauthenticated(data[:44])
    answer = STAMPSessionReflectorTestUnauthenticated(
        seq=count, err_estimate=ErrorEstimate(S=1, Z=0, scale=10, multiplier=5),
        ssid=asked.ssid, ts_rx=received, seq_sender=asked.seq, ts_sender=asked.ts,
        err_estimate_sender=asked.err_estimate, ttl_sender=64, ts=time.time() + NTP)
    count += 1
    server.sendto(bytes(answer) + data[44:], peer)
`;

function problem(): string | null {
  for (const file of ["/usr/bin/tshark", "/usr/bin/tcpdump", PYTHON]) {
    if (!existsSync(file)) return `needs ${file}`;
  }
  const scapy = Bun.spawnSync([PYTHON, "-c", "import scapy.contrib.stamp"], { stderr: "ignore" });
  if (scapy.exitCode !== 0) return "needs python3-scapy";
  return existsSync(FILE) ? null : "needs the compiled agent";
}

const FIELDS = [
  "udp.dstport",
  "udp.length",
  "twamp.test.seq_number",
  "twamp.test.timestamp",
  "twamp.test.mbz1",
  "twamp.test.error_estimate.s",
  "twamp.test.error_estimate.z",
  "twamp.test.error_estimate.multiplier",
  "twamp.test.sender_seq_number",
  "twamp.test.sender_timestamp",
  "twamp.test.sender_ttl",
  "frame.time_epoch",
] as const;
type Decoded = Readonly<Record<(typeof FIELDS)[number], string>>;

interface Summary {
  readonly received: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly directions: Readonly<Record<string, number | null>>;
}

const skip = problem();

describe.skipIf(skip !== null)(`STAMP with scapy and tshark (${skip ?? "all there"})`, () => {
  const folder = mkdtempSync(join(tmpdir(), "patronus-stamp-"));
  const capture = join(folder, "stamp.pcap");
  let reflector: Subprocess<"ignore", "pipe", "inherit">;
  let port = 0;

  beforeAll(async () => {
    reflector = Bun.spawn([PYTHON, "-u", "-c", REFLECTOR], { stdin: "ignore", stdout: "pipe" });
    port = Number(await firstText(reflector.stdout));
  }, 30_000);
  afterAll(async () => {
    reflector.kill();
    await reflector.exited;
    rmSync(folder, { recursive: true });
  });

  async function probe(...more: readonly string[]): Promise<Summary> {
    const pace = ["--count", String(COUNT), "--interval", "50", "--json", "--quiet"];
    const command = ["probe", "--type", "stamp", "--port", String(port), ...pace, ...more];
    const run = Bun.spawn([FILE, ...command, "127.0.0.1"], { stdout: "pipe" });
    const summary = JSON.parse(await new Response(run.stdout).text());
    expect(await run.exited).toBe(0);
    return summary;
  }

  /** All packets of the run, as tshark reads them. */
  async function decoded(run: () => Promise<unknown>): Promise<Decoded[]> {
    const filter = `udp port ${port}`;
    // Debian's tcpdump gives its privileges up, and could not write into our folder then.
    const options = ["-i", "lo", "-Z", "root", "--immediate-mode", "-U", "-w", capture];
    const dump = Bun.spawn(["/usr/bin/tcpdump", ...options, filter], { stderr: "pipe" });
    await firstText(dump.stderr); // "listening on lo"
    await run();
    await Bun.sleep(300); // the capture is written behind the packets
    dump.kill("SIGINT");
    await dump.exited;
    const fields = FIELDS.flatMap((field) => ["-e", field]);
    const decode = ["-d", `udp.port==${port},twamp.test`, "-T", "fields", "-E", "occurrence=f"];
    const shark = Bun.spawnSync(["/usr/bin/tshark", "-r", capture, ...decode, ...fields]);
    const lines = shark.stdout.toString().trimEnd().split("\n");
    return lines.map((line) => {
      const values = line.split("\t");
      return Object.fromEntries(FIELDS.map((field, i) => [field, values[i] ?? ""])) as Decoded;
    });
  }

  test("scapy's reflector answers every probe, counts, and no way loses", async () => {
    const summary = await probe();
    expect(summary.received).toBe(COUNT);
    expect(summary.outcomes).toMatchObject({ corrupt: 0, mismatched: 0, expired: 0 });
    expect(summary.directions).toMatchObject({ forward_loss_pct: 0, backward_loss_pct: 0 });
  }, 20_000);

  test("padding of a longer packet comes back without harm", async () => {
    expect((await probe("--size", "200")).received).toBe(COUNT);
  }, 20_000);

  test("tshark reads in both directions what was meant", async () => {
    const packets = await decoded(() => probe());
    const isRequest = (packet: Decoded) => packet["udp.dstport"] === String(port);
    const requests = packets.filter(isRequest);
    const replies = packets.filter((packet) => !isRequest(packet));
    expect([requests.length, replies.length]).toEqual([COUNT, COUNT]);
    for (const [i, request] of requests.entries()) {
      const reply = replies[i];
      const first = Number(requests[0]?.["twamp.test.seq_number"]);
      expect(request["udp.length"]).toBe("52");
      expect(Number(request["twamp.test.seq_number"])).toBe((first + i) % 2 ** 32);
      expect(request["twamp.test.mbz1"]).toBe(requests[0]?.["twamp.test.mbz1"] ?? "");
      expect(Number(request["twamp.test.mbz1"])).toBeGreaterThan(0);
      expect(Number(request["twamp.test.error_estimate.multiplier"])).toBeGreaterThan(0);
      expect(request["twamp.test.error_estimate.z"]).toBe("0");
      expect(secondsOf(request["twamp.test.timestamp"])).toBeCloseTo(
        Number(request["frame.time_epoch"]),
        2,
      );
      expect(reply?.["twamp.test.mbz1"]).toBe(request["twamp.test.mbz1"]);
      expect(reply?.["twamp.test.sender_seq_number"]).toBe(request["twamp.test.seq_number"]);
      expect(reply?.["twamp.test.sender_ttl"]).toBe("64");
    }
  }, 30_000);
});

/** What a stream brings first; it is not read further. */
async function firstText(stream: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stream.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  return new TextDecoder().decode(value);
}

/** "Nov 23, 2026 16:57:47.836143328 UTC" */
function secondsOf(time: string): number {
  const [, before = "", fraction = "0", zone = ""] = /^(.*?)(\.\d+)? (\w+)$/.exec(time) ?? [];
  return Date.parse(`${before} ${zone}`) / 1_000 + Number(fraction);
}
