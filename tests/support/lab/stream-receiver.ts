/**
 * Run inside a namespace: takes the packets of a stream on one socket per device, so that the
 * device tells the path. argv: family, port, file, devices. Ends with its stdin; the file then
 * holds four doubles per packet: number, sent and arrived in us, place of the device.
 */

import { writeFileSync } from "node:fs";
import { sockaddrOf } from "../../../agent/wire/sockaddr.ts";
import {
  AF_INET,
  AF_INET6,
  bindSocket,
  cString,
  MSG_DONTWAIT,
  monotonicNow,
  openSocket,
  pollFds,
  readFd,
  receiveBytes,
  SOCK_DGRAM,
  setOptionBytes,
  setOptionInt,
} from "../../../agent/worker/libc.ts";

const [familyText = "4", port = "9", file = "", ...devices] = process.argv.slice(2);
const family = familyText === "6" ? 6 : 4;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_BINDTODEVICE = 25;
const SO_RCVBUFFORCE = 33;
/** A second at 5,000/s, with what the kernel counts beside the octets. */
const BUFFER_OCTETS = 16 << 20;
const STDIN = 0;
const POLLIN = 1;
const READY_AT = 16;
const FIELDS = 4;
const ROOM = 600_000 * FIELDS;
/** Packets of one device before the others are looked at. */
const BATCH = 64;

function listen(device: string): number {
  const opened = openSocket(family === 4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0);
  if (opened.kind === "failed") throw new Error(`open a UDP socket: errno ${opened.errno}`);
  const { fd } = opened;
  const any = sockaddrOf({ family, address: null, port: Number(port), scopeId: 0 });
  const faults = [
    setOptionInt(fd, SOL_SOCKET, SO_REUSEADDR, 1),
    setOptionInt(fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_OCTETS),
    setOptionBytes(fd, SOL_SOCKET, SO_BINDTODEVICE, cString(device)),
    bindSocket(fd, any),
  ];
  const fault = faults.find((errno) => errno !== 0);
  if (fault !== undefined) throw new Error(`listen on ${device}: errno ${fault}`);
  return fd;
}

const sockets = devices.map(listen);
let rows = new Float64Array(ROOM);
let used = 0;
const packet = new Uint8Array(2_048);
const view = new DataView(packet.buffer);

function note(place: number): void {
  if (used + FIELDS > rows.length) {
    const larger = new Float64Array(rows.length + ROOM);
    larger.set(rows);
    rows = larger;
  }
  rows[used] = view.getUint32(0);
  rows[used + 1] = view.getFloat64(8);
  rows[used + 2] = monotonicNow();
  rows[used + 3] = place;
  used += FIELDS;
}

function take(): void {
  for (const [place, fd] of sockets.entries()) {
    for (let n = 0; n < BATCH && receiveBytes(fd, packet, MSG_DONTWAIT) >= 16; n++) note(place);
  }
}

const polls = Int32Array.from([STDIN, ...sockets].flatMap((fd) => [fd, POLLIN]));
const scrap = new Uint8Array(64);
process.stdout.write("ready\n");
for (let isAsked = true; isAsked; ) {
  pollFds(polls, sockets.length + 1, null);
  take();
  if ((polls[1] ?? 0) >>> READY_AT !== 0) isAsked = readFd(STDIN, scrap) > 0;
}
for (let before = -1; before < used; ) {
  before = used;
  take();
}
writeFileSync(file, new Uint8Array(rows.buffer, 0, used * 8));
