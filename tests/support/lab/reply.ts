/** What the lab sends back for one request, as a packet. Pure. */

import { ICMP_AT, ICMP_HEADER_OCTETS, ICMP4, ICMP6 } from "../../../agent/wire/icmp.ts";
import { UDP_SEQ_AT } from "../../../agent/wire/probe-payload.ts";
import type { Behaviour, ErrorReply, Fault } from "./behaviour.ts";
import type { Packet } from "./packet.ts";
import { buildIcmpError, buildPacket, half, isUdp, setHalf, UDP_AT } from "./packet.ts";

/** Errors that a router on the way sends come from here. */
export const ROUTER = {
  4: Uint8Array.of(10, 99, 255, 254),
  6: Uint8Array.of(0xfd, 0x99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xfe),
} as const;
/** Replies of `other-source` come from here. */
export const STRANGER = {
  4: Uint8Array.of(10, 99, 255, 253),
  6: Uint8Array.of(0xfd, 0x99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xfd),
} as const;

const PORT_UNREACHABLE = { 4: 3, 6: 4 } as const;
const PROTOCOL_UNREACHABLE = 2;
const PAYLOAD_AT = ICMP_HEADER_OCTETS;

/** `request` is an ICMP echo request or a UDP datagram. */
export function replyPacket(request: Packet, behaviour: Behaviour): Uint8Array {
  const { family } = request;
  if (behaviour.error !== undefined) return errorPacket(request, behaviour.error);
  if (isUdp(request) && behaviour.udp === "closed") {
    return errorPacket(request, { kind: "unreachable", code: PORT_UNREACHABLE[family] });
  }
  const { fault } = behaviour;
  const envelope = {
    source: fault?.kind === "other-source" ? STRANGER[family] : request.target,
    target: request.source,
    protocol: request.protocol,
    options: fault?.kind === "ip-options",
    badChecksum: fault?.kind === "bad-checksum",
  };
  return buildPacket(envelope, bodyOf(request, fault));
}

function errorPacket(request: Packet, error: ErrorReply): Uint8Array {
  const { family, target } = request;
  const quotedOctets = error.quotedOctets ?? null;
  if (error.kind === "ttl-exceeded") {
    const type = family === 4 ? ICMP4.timeExceeded : ICMP6.timeExceeded;
    return buildIcmpError(request, { type, code: 0, from: ROUTER[family], quotedOctets });
  }
  const { code } = error;
  const isOfTarget =
    code === PORT_UNREACHABLE[family] || (family === 4 && code === PROTOCOL_UNREACHABLE);
  const type = family === 4 ? ICMP4.unreachable : ICMP6.unreachable;
  const from = isOfTarget ? target : ROUTER[family];
  return buildIcmpError(request, { type, code, from, quotedOctets });
}

function bodyOf(request: Packet, fault: Fault | undefined): Uint8Array {
  return isUdp(request) ? udpBody(request, fault) : icmpBody(request, fault);
}

function icmpBody(request: Packet, fault: Fault | undefined): Uint8Array {
  const body = request.body.slice();
  if (fault?.kind === "mirror") return body;
  body[ICMP_AT.type] = request.family === 4 ? ICMP4.echoReply : ICMP6.echoReply;
  if (fault?.kind === "wrong-id") setHalf(body, ICMP_AT.id, half(body, ICMP_AT.id) + 1);
  if (fault?.kind === "wrong-seq") setHalf(body, ICMP_AT.seq, half(body, ICMP_AT.seq) + 1);
  if (fault?.kind === "flip") invertLast(body);
  return fault?.kind === "truncate" ? body.subarray(0, fault.octets) : body;
}

function udpBody(request: Packet, fault: Fault | undefined): Uint8Array {
  const octets = fault?.kind === "truncate" ? PAYLOAD_AT + fault.octets : Number.MAX_SAFE_INTEGER;
  const body = request.body.slice(0, octets);
  if (fault?.kind !== "mirror") {
    setHalf(body, UDP_AT.sourcePort, half(request.body, UDP_AT.targetPort));
    setHalf(body, UDP_AT.targetPort, half(request.body, UDP_AT.sourcePort));
  }
  setHalf(body, UDP_AT.length, body.byteLength);
  if (fault?.kind === "wrong-id") {
    setHalf(body, UDP_AT.sourcePort, half(body, UDP_AT.sourcePort) + 1);
  }
  const seqLast = PAYLOAD_AT + UDP_SEQ_AT + 3;
  if (fault?.kind === "wrong-seq" && seqLast < body.byteLength) {
    body[seqLast] = (body[seqLast] ?? 0) + 1;
  }
  if (fault?.kind === "flip") invertLast(body);
  return body;
}

/** Nothing when there is no payload. */
function invertLast(body: Uint8Array): void {
  const last = body.byteLength - 1;
  if (last >= PAYLOAD_AT) body[last] = (body[last] ?? 0) ^ 0xff;
}

/** ICMP: the sequence number. UDP: the probe's number when there is one, else the source port. */
export function seqOf(request: Packet): number {
  if (!isUdp(request)) return half(request.body, ICMP_AT.seq);
  const at = PAYLOAD_AT + UDP_SEQ_AT + 2;
  return at + 2 <= request.body.byteLength
    ? half(request.body, at)
    : half(request.body, UDP_AT.sourcePort);
}
