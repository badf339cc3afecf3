/**
 * How an address of the lab behaves, and what that makes of one request: a list of packets, each
 * with its delay. Randomness comes in as a function, so a run can be repeated.
 */

import type { Packet } from "./packet.ts";
import { answerTo, echoBody, ICMP, icmpError, UDP } from "./packet.ts";

export interface Behaviour {
  readonly delayUs?: number;
  /** Uniform, plus and minus. */
  readonly jitterUs?: number;
  /** One request in `every` finds a queue: this much more delay. */
  readonly burst?: { readonly every: number; readonly length: number; readonly extraUs: number };
  /** Independent loss, 0..1. */
  readonly loss?: number;
  /** Gilbert: good -> bad with p, bad -> good with r; everything is lost while bad. */
  readonly gilbert?: { readonly p: number; readonly r: number };
  readonly everyNthLost?: number;
  readonly blackhole?: boolean;
  /** Further copies of each reply. */
  readonly duplicates?: number;
  /** Alternating delays, us: the second overtakes the first. */
  readonly alternateUs?: readonly [number, number];
  readonly fault?:
    | "other-source"
    | "bad-checksum"
    | "flip"
    | "options"
    | "wrong-id"
    | "wrong-seq"
    | "mirror";
  readonly truncateTo?: number;
  /** ICMP type and code instead of a reply. */
  readonly error?: { readonly type: number; readonly code: number };
}

export interface Reply {
  readonly packet: Uint8Array;
  readonly delayUs: number;
}

/** What an address remembers between requests. */
export interface AddressState {
  count: number;
  bad: boolean;
}

export function repliesTo(
  request: Packet,
  behaviour: Behaviour,
  state: AddressState,
  random: () => number,
): Reply[] {
  state.count++;
  if (isLost(behaviour, state, random)) return [];
  const delayUs = delayOf(behaviour, state, random);
  const packet = replyPacket(request, behaviour);
  if (packet === null) return [];
  const copies = 1 + (behaviour.duplicates ?? 0);
  return Array.from({ length: copies }, () => ({ packet, delayUs }));
}

function isLost(behaviour: Behaviour, state: AddressState, random: () => number): boolean {
  const { gilbert, everyNthLost, loss } = behaviour;
  if (gilbert !== undefined) {
    const turns = random() < (state.bad ? gilbert.r : gilbert.p);
    state.bad = turns ? !state.bad : state.bad;
    if (state.bad) return true;
  }
  if (behaviour.blackhole === true) return true;
  if (everyNthLost !== undefined && state.count % everyNthLost === 0) return true;
  return loss !== undefined && random() < loss;
}

function delayOf(behaviour: Behaviour, state: AddressState, random: () => number): number {
  const { delayUs = 0, jitterUs = 0, burst, alternateUs } = behaviour;
  const base = alternateUs === undefined ? delayUs : (alternateUs[state.count % 2] ?? 0);
  const queued = burst !== undefined && state.count % burst.every < burst.length;
  return base + (2 * random() - 1) * jitterUs + (queued ? burst.extraUs : 0);
}

const ROUTER = { 4: Uint8Array.of(10, 99, 0, 254), 6: router6() } as const;
const STRANGER = { 4: Uint8Array.of(10, 99, 0, 253), 6: router6() } as const;

function router6(): Uint8Array {
  const address = new Uint8Array(16);
  address.set([0xfd, 0x99]);
  address[15] = 0xfe;
  return address;
}

function replyPacket(request: Packet, behaviour: Behaviour): Uint8Array | null {
  const { error, fault, truncateTo } = behaviour;
  if (error !== undefined) {
    // Port unreachable comes from the host itself, the others from a router on the way.
    const fromTarget = error.code === (request.family === 4 ? 3 : 4) && request.protocol === UDP;
    const from = fromTarget ? request.target : ROUTER[request.family];
    return icmpError(request, error.type, error.code, from);
  }
  const body = fault === "mirror" ? request.body.slice() : echoBody(request);
  if (body === null) return null;
  alter(body, fault, request.protocol);
  const cut = truncateTo === undefined ? body : body.subarray(0, truncateTo);
  const packet = answerTo(request, request.protocol, cut, {
    source: fault === "other-source" ? STRANGER[request.family] : request.target,
    ...(fault === "options" && request.family === 4 ? { optionOctets: 8 } : {}),
  });
  if (fault === "bad-checksum") breakChecksum(packet, request);
  return packet;
}

function alter(body: Uint8Array, fault: Behaviour["fault"], protocol: number): void {
  const flip = (at: number) => {
    body[at] = (body[at] ?? 0) ^ 0x10;
  };
  if (fault === "flip") flip(body.length - 1);
  if (protocol === UDP) return;
  if (fault === "wrong-id") flip(4);
  if (fault === "wrong-seq") flip(7);
}

function breakChecksum(packet: Uint8Array, request: Packet): void {
  const header = request.family === 4 ? 20 : 40;
  const at = header + (request.protocol === UDP ? 6 : 2);
  packet[at] = (packet[at] ?? 0) ^ 0x55;
}

/** The IPv4 protocols that the lab answers, for messages. */
export const ANSWERED = [ICMP, UDP] as const;
