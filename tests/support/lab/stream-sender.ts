/**
 * Run inside a namespace: sends numbered UDP packets on an absolute schedule until stdin ends.
 * argv: family, target, port, packets per second, file for the sending times. The socket is not
 * connected, so that the kernel looks up route and source for every packet. The result on stdout
 * is one JSON line; the file holds one double per number (us; NaN: skipped, negative: refused).
 */

import { writeFileSync } from "node:fs";
import { parseAddress } from "../../../agent/domain/address.ts";
import { sockaddrOf } from "../../../agent/wire/sockaddr.ts";
import {
  AF_INET,
  AF_INET6,
  MSG_DONTWAIT,
  monotonicNow,
  openSocket,
  pollFds,
  readFd,
  SOCK_DGRAM,
  sendBytesTo,
} from "../../../agent/worker/libc.ts";

const [familyText = "4", target = "", port = "9", rate = "1000", file = ""] = process.argv.slice(2);
const family = familyText === "6" ? 6 : 4;
const intervalUs = 1e6 / Number(rate);
/** Slots older than this are skipped: a host that paused the sender must not cause a burst. */
const LATE_US = 10_000;
const OCTETS = 32;
const STDIN = 0;
const POLLIN = 1;
const READY_AT = 16;
/** Room for two minutes at 5,000/s, then the same again. */
const ROOM = 600_000;

const address = parseAddress(target);
if (address === null) throw new Error(`use an address as target, not ${target}`);
const to = sockaddrOf({ family, address: address.bytes, port: Number(port), scopeId: 0 });
const opened = openSocket(family === 4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0);
if (opened.kind === "failed") throw new Error(`open a UDP socket: errno ${opened.errno}`);
writeFileSync("/proc/self/timerslack_ns", "1");

let sentUs = new Float64Array(ROOM).fill(Number.NaN);
const errors: Record<number, number> = {};
const packet = new Uint8Array(OCTETS);
const view = new DataView(packet.buffer);
const fd = opened.fd;
const startUs = monotonicNow() + intervalUs;
let next = 0;
let skipped = 0;

function sendDue(): void {
  for (let now = monotonicNow(); startUs + next * intervalUs <= now; now = monotonicNow()) {
    if (next >= sentUs.length) {
      const larger = new Float64Array(sentUs.length + ROOM).fill(Number.NaN);
      larger.set(sentUs);
      sentUs = larger;
    }
    if (startUs + next * intervalUs < now - LATE_US) skipped++;
    else sendOne(now);
    next++;
  }
}

function sendOne(now: number): void {
  view.setUint32(0, next);
  view.setFloat64(8, now);
  const result = sendBytesTo(fd, packet, MSG_DONTWAIT, to);
  sentUs[next] = result >= 0 ? now : -now;
  if (result < 0) errors[-result] = (errors[-result] ?? 0) + 1;
}

const polls = Int32Array.of(STDIN, POLLIN);
const timeout = new BigInt64Array(2);
const scrap = new Uint8Array(64);
process.stdout.write("ready\n");
for (let isAsked = true; isAsked; ) {
  const waitUs = startUs + next * intervalUs - monotonicNow();
  timeout[1] = BigInt(Math.max(0, Math.floor(waitUs * 1_000)));
  pollFds(polls, 1, timeout);
  sendDue();
  if ((polls[1] ?? 0) >>> READY_AT !== 0) isAsked = readFd(STDIN, scrap) > 0;
}
writeFileSync(file, new Uint8Array(sentUs.buffer, 0, next * 8));
process.stdout.write(`${JSON.stringify({ skipped, errors })}\n`);
