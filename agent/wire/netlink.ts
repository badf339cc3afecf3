/**
 * The envelope of netlink (RFC 3549 2.3.2): messages in a datagram, attributes in a message, acks
 * and their words. Lengths are padded to 4; numbers are the host's, little endian here. Decoding
 * takes any octets: what does not fit its own lengths is left out, never guessed.
 */

export const NLMSG_HEADER = 16;
const ATTRIBUTE_HEADER = 4;

export const NLMSG = { noop: 1, error: 2, done: 3, overrun: 4 } as const;
export const NLM_F = {
  request: 1,
  multi: 2,
  ack: 4,
  dumpInterrupted: 0x10,
  dump: 0x300,
  replace: 0x100,
  excl: 0x200,
  create: 0x400,
  /** Of an answer: the request is not quoted whole, and attributes follow it. */
  capped: 0x100,
  ackTlvs: 0x200,
} as const;

/** NLA_F_NESTED; the two top bits of a type are flags. */
export const NESTED = 0x8000;
const TYPE_MASK = 0x3fff;

export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** The struct of the type and its attributes; a view, copy it to keep it. */
  readonly body: Uint8Array;
}

/** Payloads by type; of two with one type the last counts, as in the kernel's own parser. */
export type Attributes = ReadonlyMap<number, Uint8Array>;

// --- writing -------------------------------------------------------------------------------------

/** Up to the next multiple of 4; without bit operations, which would turn 2^32-1 negative. */
export function pad4(octets: number): number {
  return Math.ceil(octets / 4) * 4;
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.byteLength;
  }
  return all;
}

/** One attribute, padded; its own length does not count the padding. */
export function attribute(type: number, payload: Uint8Array): Uint8Array {
  const octets = ATTRIBUTE_HEADER + payload.byteLength;
  const bytes = new Uint8Array(pad4(octets));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, octets, true);
  view.setUint16(2, type, true);
  bytes.set(payload, ATTRIBUTE_HEADER);
  return bytes;
}

export function attribute8(type: number, value: number): Uint8Array {
  return attribute(type, Uint8Array.of(value));
}

export function attribute32(type: number, value: number): Uint8Array {
  return attribute(type, octetsOf32(value));
}

export function octetsOf32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** NUL terminated. */
export function attributeText(type: number, text: string): Uint8Array {
  return attribute(type, new TextEncoder().encode(`${text}\0`));
}

export function nest(type: number, children: readonly Uint8Array[]): Uint8Array {
  return attribute(type, joined(children));
}

/** A request; the sequence number is written by the socket (`stampSequence`). */
export function message(type: number, flags: number, parts: readonly Uint8Array[]): Uint8Array {
  const body = joined(parts);
  const bytes = new Uint8Array(NLMSG_HEADER + body.byteLength);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.byteLength, true);
  view.setUint16(4, type, true);
  view.setUint16(6, flags | NLM_F.request, true);
  bytes.set(body, NLMSG_HEADER);
  return bytes;
}

export function stampSequence(request: Uint8Array, sequence: number): void {
  new DataView(request.buffer, request.byteOffset).setUint32(8, sequence, true);
}

// --- reading -------------------------------------------------------------------------------------

/** The whole messages of a datagram, in order; ends at the first that does not fit. */
export function splitMessages(datagram: Uint8Array): NetlinkMessage[] {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  const messages: NetlinkMessage[] = [];
  for (let at = 0; at + NLMSG_HEADER <= datagram.byteLength; ) {
    const octets = view.getUint32(at, true);
    if (octets < NLMSG_HEADER || octets > datagram.byteLength - at) break;
    messages.push({
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      sequence: view.getUint32(at + 8, true),
      body: datagram.subarray(at + NLMSG_HEADER, at + octets),
    });
    at += pad4(octets);
  }
  return messages;
}

/** Attributes from offset `at`; null when one does not fit. */
export function readAttributes(bytes: Uint8Array, at: number): Attributes | null {
  if (at > bytes.byteLength) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const attributes = new Map<number, Uint8Array>();
  for (let next = at; next < bytes.byteLength; ) {
    if (next + ATTRIBUTE_HEADER > bytes.byteLength) return null;
    const octets = view.getUint16(next, true);
    if (octets < ATTRIBUTE_HEADER || octets > bytes.byteLength - next) return null;
    const type = view.getUint16(next + 2, true) & TYPE_MASK;
    attributes.set(type, bytes.subarray(next + ATTRIBUTE_HEADER, next + octets));
    next += pad4(octets);
  }
  return attributes;
}

/** Attributes inside an attribute; empty when it is absent, null when malformed. */
export function readNested(attributes: Attributes, type: number): Attributes | null {
  const payload = attributes.get(type);
  return payload === undefined ? new Map() : readAttributes(payload, 0);
}

/** A value of an attribute: `absent`, or null when it has the wrong size. */
export function read32<T>(attributes: Attributes, type: number, absent: T): number | T | null {
  const payload = attributes.get(type);
  if (payload === undefined) return absent;
  if (payload.byteLength !== 4) return null;
  return new DataView(payload.buffer, payload.byteOffset, 4).getUint32(0, true);
}

export function read8<T>(attributes: Attributes, type: number, absent: T): number | T | null {
  const payload = attributes.get(type);
  if (payload === undefined) return absent;
  return payload.byteLength === 1 ? (payload[0] ?? null) : null;
}

/** Up to the first NUL; null when absent. */
export function readText(attributes: Attributes, type: number): string | null {
  const payload = attributes.get(type);
  if (payload === undefined) return null;
  const end = payload.indexOf(0);
  return new TextDecoder().decode(end < 0 ? payload : payload.subarray(0, end));
}

/** A copy of `octets` octets; null when absent, undefined when of another size. */
export function readOctets(
  attributes: Attributes,
  type: number,
  octets: number,
): Uint8Array | null | undefined {
  const payload = attributes.get(type);
  if (payload === undefined) return null;
  return payload.byteLength === octets ? payload.slice() : undefined;
}

// --- answers -------------------------------------------------------------------------------------

export interface Verdict {
  /** 0: done. */
  readonly errno: number;
  /** The kernel's words (extended ack); empty when it gave none. */
  readonly text: string;
}

const ERROR_WORDS = 4;
const ATTRIBUTE_TEXT = 1;

/** NLMSG_ERROR: errno and the words behind the quoted request; null when cut short. */
export function readError({ flags, body }: NetlinkMessage): Verdict | null {
  if (body.byteLength < ERROR_WORDS + NLMSG_HEADER) return null;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const errno = errnoAt(view);
  const isCapped = (flags & NLM_F.capped) !== 0;
  const quoted = isCapped ? NLMSG_HEADER : pad4(view.getUint32(ERROR_WORDS, true));
  return { errno, text: wordsAt(body, flags, ERROR_WORDS + quoted) };
}

/** NLMSG_DONE carries the errno of a dump that failed half way; 0 when it has no body. */
export function readDone({ flags, body }: NetlinkMessage): Verdict {
  if (body.byteLength < ERROR_WORDS) return { errno: 0, text: "" };
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  return { errno: errnoAt(view), text: wordsAt(body, flags, ERROR_WORDS) };
}

/** The kernel writes -errno. */
function errnoAt(view: DataView): number {
  return Math.abs(view.getInt32(0, true));
}

function wordsAt(body: Uint8Array, flags: number, at: number): string {
  if ((flags & NLM_F.ackTlvs) === 0) return "";
  const attributes = readAttributes(body, at);
  return (attributes && readText(attributes, ATTRIBUTE_TEXT)) ?? "";
}
