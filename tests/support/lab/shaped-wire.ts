/**
 * Run inside a namespace: a wire between two TUN devices, the near and the far one named on the
 * command line, that loses, delays and repeats packets as it is told, apart for each direction.
 * The maker moves the far device to another namespace; the wire keeps hold of it. Commands are
 * JSON lines on stdin, each answered by a line; it ends with its stdin.
 */

import { writeFileSync } from "node:fs";
import { monotonicNow, pollFds, readFd } from "../../../agent/worker/libc.ts";
import { seededRandom } from "../../../agent/worker/prng.ts";
import { decide, newState } from "./behaviour.ts";
import { Departures } from "./departures.ts";
import type { WireAnswer, WireCommand } from "./shaped-wire-pair.ts";
import type { Tun } from "./tun.ts";
import { openTun } from "./tun.ts";

const STDIN = 0;
const POLLIN = 1;
const READY_AT = 16;
const READ_BATCH = 64;
/** The kernel wakes a sleeper this late at most on an idle machine, us; the rest is spun. */
const SPIN_US = 200;
const IDLE_US = 1_000_000;
const EAGAIN = 11;

const [nearName = "", farName = "", seed = "1"] = process.argv.slice(2);
const near = openTun(nearName);
const far = openTun(farName);
const departures = new Departures<{ readonly packet: Uint8Array; readonly to: Tun }>();
const random = seededRandom(Number(seed));

interface Direction {
  readonly from: Tun;
  readonly to: Tun;
  behaviour: Parameters<typeof decide>[0];
  state: ReturnType<typeof newState>;
}

/** `up`: from the near end to the far one. */
const directions = {
  up: { from: near, to: far, behaviour: {}, state: newState() } as Direction,
  down: { from: far, to: near, behaviour: {}, state: newState() } as Direction,
};

function carry(direction: Direction): void {
  for (let n = 0; n < READ_BATCH; n++) {
    const packet = direction.from.read();
    if (packet === null) return;
    const nowUs = monotonicNow();
    const { delaysUs } = decide(direction.behaviour, direction.state, random, false);
    for (const delayUs of delaysUs) {
      if (delayUs === 0) direction.to.write(packet);
      else departures.add(nowUs + delayUs, { packet: packet.slice(), to: direction.to });
    }
  }
}

function sendDue(): void {
  for (let item = departures.take(monotonicNow()); item !== null; ) {
    item.to.write(item.packet);
    item = departures.take(monotonicNow());
  }
}

function obey(command: WireCommand): WireAnswer {
  const beforeUs = monotonicNow();
  if (command.kind === "carrier") {
    return { beforeUs, errno: near.setCarrier(command.isOn) };
  }
  const direction = directions[command.direction];
  direction.behaviour = command.behaviour;
  direction.state = newState();
  return { beforeUs, errno: 0 };
}

const inbox = new Uint8Array(64 * 1024);
let unfinished = "";

function readCommands(): boolean {
  const octets = readFd(STDIN, inbox);
  if (octets === -EAGAIN) return true;
  if (octets <= 0) return false;
  const lines = (unfinished + new TextDecoder().decode(inbox.subarray(0, octets))).split("\n");
  unfinished = lines.pop() ?? "";
  for (const line of lines) process.stdout.write(`${JSON.stringify(obey(JSON.parse(line)))}\n`);
  return true;
}

writeFileSync("/proc/self/timerslack_ns", "1");
near.setCarrier(true);
far.setCarrier(true);
process.stdout.write("ready\n");
const polls = Int32Array.of(STDIN, POLLIN, near.fd, POLLIN, far.fd, POLLIN);
const timeout = new BigInt64Array(2);
for (let isAsked = true; isAsked; ) {
  const waitUs = Math.min(IDLE_US, departures.nextUs - monotonicNow() - SPIN_US);
  timeout[0] = waitUs >= IDLE_US ? 1n : 0n;
  timeout[1] = BigInt(waitUs >= IDLE_US ? 0 : Math.max(0, Math.floor(waitUs * 1_000)));
  pollFds(polls, 3, timeout);
  if ((polls[3] ?? 0) >>> READY_AT !== 0) carry(directions.up);
  if ((polls[5] ?? 0) >>> READY_AT !== 0) carry(directions.down);
  sendDue();
  if ((polls[1] ?? 0) >>> READY_AT !== 0) isAsked = readCommands();
}
near.close();
far.close();
