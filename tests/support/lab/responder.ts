/**
 * The responder, a process of its own inside a namespace: answers for every address of the lab's
 * prefixes but the host's own. argv: device, seed. Commands are JSON lines on stdin, answers on
 * stdout; it ends with its stdin. Fetching a long record delays replies: ask when traffic is over.
 */

import { writeFileSync } from "node:fs";
import { parseAddress } from "../../../agent/domain/address.ts";
import { monotonicNow, pollFds, readFd, writeFd } from "../../../agent/worker/libc.ts";
import { AddressBook, HOST, isForLab, isInLab, keyOf } from "./address-book.ts";
import { Departures } from "./departures.ts";
import type { Packet } from "./packet.ts";
import { buildPacket, isUdp, PROTOCOL, parsePacket } from "./packet.ts";
import type { Answer, Command, Hello } from "./protocol.ts";
import { rowOf } from "./protocol.ts";
import type { Entry } from "./record.ts";
import { PacketRecord } from "./record.ts";
import { replyPacket, seqOf } from "./reply.ts";
import { openTun } from "./tun.ts";

const STDIN = 0;
const STDOUT = 1;
const POLLIN = 1;
const POLLOUT = 4;
const EAGAIN = 11;
/** The kernel wakes a sleeper this late at most on an idle machine, us; the rest is spun. */
const SPIN_US = 200;
const IDLE_US = 1_000_000;
/** Packets taken before departures are looked at again. */
const READ_BATCH = 64;

const [device = "lab0", seedText = "1"] = process.argv.slice(2);
const seed = Number(seedText);
const tun = openTun(device);
const book = new AddressBook(seed);
const record = new PacketRecord();
const departures = new Departures<{ readonly packet: Uint8Array; readonly entry: Entry }>();
const counters = { packets: 0, ignored: 0, sent: 0, unsent: 0, latenessMaxUs: 0 };

function run(command: string): void {
  const { exitCode, stderr } = Bun.spawnSync(command.split(" "));
  if (exitCode !== 0) throw new Error(`${command}: ${stderr.toString().trim()}`);
}

function configureDevice(): void {
  // Before the device is up, or the first packets find a queue of 500.
  run(`ip link set ${device} txqueuelen 10000`);
  run(`ip addr add ${HOST[4]}/16 dev ${device}`);
  run(`ip -6 addr add ${HOST[6]}/64 dev ${device} nodad`);
  run(`ip link set ${device} up`);
  // The default slack of 50 us would be spent by spinning.
  writeFileSync("/proc/self/timerslack_ns", "1");
}

function take(packet: Packet, arrivedUs: number): void {
  const key = keyOf(packet.target);
  const { decision, delaysUs } = book.decide(key, isUdp(packet));
  const { protocol } = packet;
  const entry = { arrivedUs, departedUs: null, protocol, seq: seqOf(packet), decision };
  record.add(key, entry);
  if (delaysUs.length === 0) return;
  const reply = replyPacket(packet, book.behaviourOf(key));
  for (const delayUs of delaysUs) departures.add(arrivedUs + delayUs, { packet: reply, entry });
}

function readPackets(): void {
  for (let n = 0; n < READ_BATCH; n++) {
    const raw = tun.read();
    if (raw === null) return;
    const arrivedUs = monotonicNow();
    counters.packets++;
    const packet = parsePacket(raw);
    if (packet === null || !isForLab(packet)) counters.ignored++;
    else take(packet, arrivedUs);
  }
}

function sendDue(): void {
  for (;;) {
    const now = monotonicNow();
    const dueUs = departures.nextUs;
    const item = departures.take(now);
    if (item === null) return;
    const wasTaken = tun.write(item.packet);
    counters[wasTaken ? "sent" : "unsent"]++;
    if (!wasTaken) continue;
    item.entry.departedUs ??= now;
    counters.latenessMaxUs = Math.max(counters.latenessMaxUs, now - dueUs);
  }
}

function say(message: Hello | Answer<unknown>): void {
  let left = new TextEncoder().encode(`${JSON.stringify(message)}\n`);
  while (left.byteLength > 0) {
    const put = writeFd(STDOUT, left);
    if (put > 0) left = left.subarray(put);
    else if (put === -EAGAIN) pollFds(Int32Array.of(STDOUT, POLLOUT), 1, null);
    else return;
  }
}

function answerTo(command: Command): Answer<unknown> {
  if (command.command === "counters") {
    return { kind: "ok", value: { ...counters, unrecorded: record.unrecorded } };
  }
  if (command.command === "carrier") {
    const errno = tun.setCarrier(command.isOn);
    return errno === 0
      ? { kind: "ok", value: null }
      : { kind: "refused", reason: `set carrier: errno ${errno}` };
  }
  const address = parseAddress(command.address);
  if (address === null || !isInLab(address.bytes)) {
    return { kind: "refused", reason: `use an address of the lab, not ${command.address}` };
  }
  const key = keyOf(address.bytes);
  if (command.command === "record") return { kind: "ok", value: record.of(key).map(rowOf) };
  if (command.command === "forget") record.forget(key);
  else book.behave(key, command.behaviour);
  return { kind: "ok", value: null };
}

/**
 * Compiles the way of a packet before the first one comes: interpreted, it takes 150 us.
 */
function warmUp(): void {
  const rounds = 3_000;
  const request = Uint8Array.of(8, 0, 0, 0, 0, 1, 0, 1, ...new Array<number>(56).fill(0));
  const source = Uint8Array.of(10, 99, 0, 1);
  const envelope = { source, target: Uint8Array.of(10, 99, 0, 2), protocol: PROTOCOL.icmp };
  const raw = buildPacket(envelope, request);
  const rehearsal = new Departures<Uint8Array>();
  const rehearsed = new AddressBook(1);
  for (let n = 0; n < rounds; n++) {
    const packet = parsePacket(raw);
    if (packet === null || !isForLab(packet)) return;
    const { delaysUs } = rehearsed.decide(keyOf(packet.target), isUdp(packet));
    for (const delayUs of delaysUs) {
      rehearsal.add(monotonicNow() + delayUs, replyPacket(packet, { delayUs: seqOf(packet) }));
    }
    if (n % 4 === 0) rehearsal.take(rehearsal.nextUs);
    tun.read();
    sendDue();
  }
}

const inbox = new Uint8Array(64 * 1024);
let unfinished = "";

/** False at the end of input: the test is gone. */
function readCommands(): boolean {
  const octets = readFd(STDIN, inbox);
  if (octets === -EAGAIN) return true;
  if (octets <= 0) return false;
  const lines = (unfinished + new TextDecoder().decode(inbox.subarray(0, octets))).split("\n");
  unfinished = lines.pop() ?? "";
  for (const line of lines) say(answerTo(JSON.parse(line) as Command));
  return true;
}

const READY_AT = 16;

function serve(): void {
  const polls = Int32Array.of(tun.fd, POLLIN, STDIN, POLLIN);
  const timeout = new BigInt64Array(2);
  for (let isAsked = true; isAsked; ) {
    const waitUs = Math.min(IDLE_US, departures.nextUs - monotonicNow() - SPIN_US);
    timeout[0] = waitUs >= IDLE_US ? 1n : 0n;
    timeout[1] = BigInt(waitUs >= IDLE_US ? 0 : Math.max(0, Math.floor(waitUs * 1_000)));
    pollFds(polls, 2, timeout);
    if ((polls[1] ?? 0) >>> READY_AT !== 0) readPackets();
    sendDue();
    if ((polls[3] ?? 0) >>> READY_AT !== 0) isAsked = readCommands();
  }
}

configureDevice();
warmUp();
say({ device, seed });
serve();
tun.close();
