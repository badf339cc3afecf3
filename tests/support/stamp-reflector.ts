/**
 * A STAMP reflector of a few lines over node:dgram, written from the RFC's tables without our own
 * codec, and with the faults a reflector or a network can have.
 */

import { createHmac } from "node:crypto";
import { createSocket } from "node:dgram";
import type { AddressInfo } from "node:net";

const NTP_UNIX = 2_208_988_800n;

export interface ReflectorBehaviour {
  /** Seconds the reflector's clock is ahead. */
  readonly clockAhead?: number;
  /** Ms between T2 and T3; negative: T3 lies before T2. */
  readonly dwellMs?: number;
  /** Ms the reply really waits. */
  readonly delayMs?: number;
  /** PTPv2 truncated timestamps, the Z bit set. */
  readonly isPtp?: boolean;
  /** The S bit. */
  readonly isSynchronised?: boolean;
  /** Counts what it reflects, from this number on; absent: stateless. */
  readonly countFrom?: number;
  readonly ssid?: (asked: number) => number;
  readonly key?: string;
  /** Anything else, last: the reply to be changed; null: none. */
  readonly change?: (reply: Buffer, request: Buffer) => Buffer | null;
}

export interface Reflector {
  readonly port: number;
  readonly requests: Buffer[];
  behave(behaviour: ReflectorBehaviour): void;
  close(): void;
}

export async function openReflector(first: ReflectorBehaviour = {}): Promise<Reflector> {
  const socket = createSocket("udp4");
  const requests: Buffer[] = [];
  let behaviour = first;
  let count = first.countFrom ?? 0;
  socket.on("message", (request, peer) => {
    requests.push(request);
    const reply = reflect(request, behaviour, count++);
    const changed = behaviour.change === undefined ? reply : behaviour.change(reply, request);
    if (changed === null) return;
    const send = () => socket.send(changed, peer.port, peer.address);
    if (behaviour.delayMs === undefined) send();
    else setTimeout(send, behaviour.delayMs);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return {
    port: (socket.address() as AddressInfo).port,
    requests,
    behave(next) {
      behaviour = next;
      count = next.countFrom ?? 0;
    },
    close: () => void socket.close(),
  };
}

/** Offsets of the fields: unauthenticated and authenticated. */
const OPEN = { t: 4, estimate: 12, ssid: 14, t2: 16, seq: 24, t1: 28, e1: 36, ttl: 40 };
const SEALED = { t: 16, estimate: 24, ssid: 26, t2: 32, seq: 48, t1: 64, e1: 72, ttl: 80 };

function reflect(request: Buffer, behaviour: ReflectorBehaviour, count: number): Buffer {
  const { clockAhead = 0, dwellMs = 0, isPtp = false, key, ssid = (asked) => asked } = behaviour;
  const at = key === undefined ? OPEN : SEALED;
  const reply = Buffer.alloc(request.length);
  request.copy(reply, key === undefined ? 44 : 112, key === undefined ? 44 : 112);
  const t2 = BigInt(Date.now()) * 1_000_000n + BigInt(clockAhead) * 1_000_000_000n;
  const t3 = t2 + BigInt(Math.round(dwellMs * 1e6));
  reply.writeUInt32BE(behaviour.countFrom === undefined ? request.readUInt32BE(0) : count, 0);
  writeTime(reply, at.t, t3, isPtp);
  const flags = (behaviour.isSynchronised === false ? 0 : 0x8000) | (isPtp ? 0x4000 : 0);
  reply.writeUInt16BE(flags | 0x0a05, at.estimate);
  reply.writeUInt16BE(ssid(request.readUInt16BE(at.ssid)), at.ssid);
  writeTime(reply, at.t2, t2, isPtp);
  request.copy(reply, at.seq, 0, 4);
  request.copy(reply, at.t1, at.t, at.t + 8);
  request.copy(reply, at.e1, at.estimate, at.estimate + 2);
  reply.writeUInt8(64, at.ttl);
  if (key !== undefined) seal(reply, key);
  return reply;
}

export function seal(packet: Buffer, key: string): void {
  createHmac("sha256", key).update(packet.subarray(0, 96)).digest().copy(packet, 96, 0, 16);
}

function writeTime(packet: Buffer, at: number, ns: bigint, isPtp: boolean): void {
  const seconds = ns / 1_000_000_000n + (isPtp ? 0n : NTP_UNIX);
  const rest = ns % 1_000_000_000n;
  packet.writeUInt32BE(Number(BigInt.asUintN(32, seconds)), at);
  packet.writeUInt32BE(Number(isPtp ? rest : (rest << 32n) / 1_000_000_000n), at + 4);
}
