/**
 * The responder process: the far end of a TUN device, inside a namespace. JSON lines on standard
 * input switch behaviours and ask for the record; answers are JSON lines on standard output. It
 * stamps arrivals and departures on CLOCK_MONOTONIC, the clock of the agent's own schedule.
 * argv: device, seed, "spin" to never sleep: a wake-up on a busy box is late by up to milliseconds,
 * which would stand in the record as the path's.
 */

import { parseAddress } from "../../../agent/domain/address.ts";
import {
  cString,
  ioctlBytes,
  monotonicNow,
  openFile,
  pollFds,
  readFd,
  writeFd,
} from "../../../agent/worker/libc.ts";
import { seededRandom } from "../../../agent/worker/prng.ts";
import type { AddressState, Behaviour } from "./behaviour.ts";
import { repliesTo } from "./behaviour.ts";
import { parsePacket } from "./packet.ts";

const O_RDWR_NONBLOCK = 0o2 | 0o4000;
const TUNSETIFF = 0x400454ca;
const TUNSETCARRIER = 0x400454e2;
const IFF_TUN_NO_PI = 0x1001;
const POLLIN = 1;
/** Below this a sleep is too coarse: spin. */
const SPIN_US = 150;
const RECORD_MAX = 200_000;
const IDLE_US = 100_000;

export interface RecordEntry {
  readonly arrivedUs: number;
  /** null: nothing was sent back. */
  departedUs: number | null;
}

export type Command =
  | { readonly command: "behave"; readonly address: string; readonly behaviour: Behaviour }
  | { readonly command: "record"; readonly address: string }
  | { readonly command: "carrier"; readonly on: boolean };

interface Waiting {
  readonly dueUs: number;
  readonly packet: Uint8Array;
  readonly entry: RecordEntry;
}

function openTun(device: string): number {
  const opened = openFile("/dev/net/tun", O_RDWR_NONBLOCK);
  if (opened.kind === "failed") throw new Error(`cannot open /dev/net/tun: errno ${opened.errno}`);
  const request = new Uint8Array(40);
  request.set(cString(device));
  new DataView(request.buffer).setInt16(16, IFF_TUN_NO_PI, true);
  const errno = ioctlBytes(opened.fd, TUNSETIFF, request);
  if (errno !== 0) throw new Error(`cannot make ${device}: errno ${errno}`);
  return opened.fd;
}

const [device = "lab0", seed = "1", mode = "sleep"] = process.argv.slice(2);
const tun = openTun(device);
const random = seededRandom(Number(seed));
const behaviours = new Map<string, Behaviour>();
const states = new Map<string, AddressState>();
const records = new Map<string, RecordEntry[]>();
const waiting: Waiting[] = [];
const buffer = new Uint8Array(65_536);
let commands = "";

function tell(value: unknown): void {
  const bytes = new TextEncoder().encode(`${JSON.stringify(value)}\n`);
  for (let at = 0; at < bytes.length; ) {
    const put = writeFd(1, bytes.subarray(at));
    if (put > 0) at += put;
    else if (put !== -11) throw new Error(`cannot answer: errno ${-put}`);
  }
}

function entryOf<T>(map: Map<string, T>, key: string, make: () => T): T {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
}

function take(raw: Uint8Array, arrivedUs: number): void {
  const packet = parsePacket(raw);
  if (packet === null) return;
  const address = packet.target.join(".");
  const behaviour = behaviours.get(address);
  if (behaviour === undefined) return; // neighbour discovery, multicast, nobody's address
  const state = entryOf(states, address, () => ({ count: 0, bad: false }));
  const record = entryOf(records, address, () => []);
  const entry: RecordEntry = { arrivedUs, departedUs: null };
  if (record.length < RECORD_MAX) record.push(entry);
  for (const reply of repliesTo(packet, behaviour, state, random)) {
    insert({ dueUs: arrivedUs + reply.delayUs, packet: reply.packet, entry });
  }
}

/** Kept in the order of departure. */
function insert(item: Waiting): void {
  let at = waiting.length;
  while (at > 0 && (waiting[at - 1]?.dueUs ?? 0) > item.dueUs) at--;
  waiting.splice(at, 0, item);
}

function sendDue(): void {
  while (waiting[0] !== undefined && waiting[0].dueUs <= monotonicNow()) {
    const item = waiting.shift();
    if (item === undefined) return;
    item.entry.departedUs ??= monotonicNow();
    writeFd(tun, item.packet);
  }
}

function readTun(): void {
  for (let n = 0; n < 256; n++) {
    const octets = readFd(tun, buffer);
    if (octets <= 0) return;
    take(buffer.slice(0, octets), monotonicNow());
  }
}

/** False at the end of input: the test is gone. */
function readCommands(): boolean {
  const octets = readFd(0, buffer);
  if (octets === -11) return true;
  if (octets <= 0) return false;
  const lines = (commands + new TextDecoder().decode(buffer.subarray(0, octets))).split("\n");
  commands = lines.pop() ?? "";
  for (const line of lines) obey(JSON.parse(line));
  return true;
}

function obey(command: Command): void {
  if (command.command === "carrier") {
    const on = Uint8Array.of(command.on ? 1 : 0, 0, 0, 0);
    tell({ errno: ioctlBytes(tun, TUNSETCARRIER, on) });
    return;
  }
  const key = parseAddress(command.address)?.bytes.join(".") ?? "";
  if (command.command === "behave") {
    behaviours.set(key, command.behaviour);
    states.delete(key);
    records.delete(key);
    tell({ ok: true });
  } else {
    tell(records.get(key) ?? []);
  }
}

/** Runs the whole way of a packet often enough to be compiled before the first real one. */
function warmUp(): void {
  const request = new Uint8Array(84);
  request.set([0x45, 0, 0, 84, 0, 0, 0, 0, 64, 1, 0, 0, 10, 99, 0, 1, 10, 99, 255, 255, 8]);
  behaviours.set("10.99.255.255", { delayUs: 1 });
  for (let i = 0; i < 3_000; i++) {
    take(request, monotonicNow());
    while ((waiting[0]?.dueUs ?? 0) > monotonicNow());
    waiting.length = 0;
  }
  behaviours.clear();
  records.clear();
  states.clear();
}

warmUp();
const polls = new Int32Array([tun, POLLIN, 0, POLLIN]);
const timeout = new BigInt64Array(2);
tell({ device, seed: Number(seed) });
for (let alive = true; alive; ) {
  const next = waiting[0]?.dueUs;
  const idleUs = mode === "spin" ? 0 : IDLE_US;
  const sleepUs = next === undefined ? idleUs : Math.max(0, next - monotonicNow() - SPIN_US);
  timeout[1] = BigInt(Math.floor(Math.min(sleepUs, idleUs) * 1_000));
  pollFds(polls, 2, timeout);
  readTun();
  sendDue();
  if ((polls[3] ?? 0) >>> 16 !== 0) alive = readCommands();
}
