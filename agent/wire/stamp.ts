/**
 * STAMP test packets (RFC 8762 4.2 and 4.3, SSID of RFC 8972 3), both ways and both forms: read
 * and written in place, results in an object the caller reuses, nothing allocated. Big endian.
 * What "must be zero" is written as zero and not looked at when read.
 */

/** Where the fields lie. Both forms carry the same ones; the sender's packet has the first five. */
export interface StampForm {
  /** Of the base packet: TLVs or padding lie behind. */
  readonly octets: number;
  /** Fewer octets are no packet. */
  readonly requestMin: number;
  readonly replyMin: number;
  readonly seq: number;
  readonly timestamp: number;
  readonly estimate: number;
  readonly ssid: number;
  readonly receive: number;
  readonly senderSeq: number;
  readonly senderTimestamp: number;
  readonly senderEstimate: number;
  readonly senderTtl: number;
}

/**
 * Unauthenticated. A TWAMP Light sender may end behind the error estimate, its reflector behind the
 * sender's TTL (RFC 8762 4.6): what is missing reads as zero.
 */
export const OPEN_FORM: StampForm = {
  octets: 44,
  requestMin: 14,
  replyMin: 41,
  seq: 0,
  timestamp: 4,
  estimate: 12,
  ssid: 14,
  receive: 16,
  senderSeq: 24,
  senderTimestamp: 28,
  senderEstimate: 36,
  senderTtl: 40,
};

/** Authenticated; the HMAC (stamp-hmac.ts) lies in its last 16 octets. */
export const SEALED_FORM: StampForm = {
  octets: 112,
  requestMin: 112,
  replyMin: 112,
  seq: 0,
  timestamp: 16,
  estimate: 24,
  ssid: 26,
  receive: 32,
  senderSeq: 48,
  senderTimestamp: 64,
  senderEstimate: 72,
  senderTtl: 80,
};

/** The sender's fields. Seconds and fraction are the words of ntp-time.ts: NTP, or PTP where Z. */
export interface StampRequest {
  seq: number;
  /** T1. */
  seconds: number;
  fraction: number;
  estimate: number;
  /** 0: none (a sender of RFC 8762 or TWAMP Light). */
  ssid: number;
}

export interface StampReply {
  /** Stateless: the sender's; stateful: the reflector's own count. */
  seq: number;
  /** T3: the reply left. */
  seconds: number;
  fraction: number;
  /** Speaks for T2 and T3. */
  estimate: number;
  /** The sender's; 0 from a reflector older than RFC 8972. */
  ssid: number;
  /** T2: the request arrived. */
  receiveSeconds: number;
  receiveFraction: number;
  /** Copies of the request's fields. */
  senderSeq: number;
  senderSeconds: number;
  senderFraction: number;
  senderEstimate: number;
  /** TTL or hop limit the request arrived with; 255: could not be read (RFC 5357 4.2). */
  senderTtl: number;
}

export function newRequest(): StampRequest {
  return { seq: 0, seconds: 0, fraction: 0, estimate: 0, ssid: 0 };
}

export function newReply(): StampReply {
  return {
    ...newRequest(),
    receiveSeconds: 0,
    receiveFraction: 0,
    senderSeq: 0,
    senderSeconds: 0,
    senderFraction: 0,
    senderEstimate: 0,
    senderTtl: 0,
  };
}

/** Writes the base packet at `at`; an HMAC is left zero. */
export function writeRequest(
  view: DataView,
  at: number,
  form: StampForm,
  request: Readonly<StampRequest>,
): void {
  clear(view, at, form.octets);
  writeFields(view, at, form, request);
}

/** False: too short, `into` is unchanged. */
export function readRequest(packet: StampPacket, form: StampForm, into: StampRequest): boolean {
  if (packet.octets < form.requestMin) return false;
  readFields(packet, form, into);
  return true;
}

/** Writes the base packet at `at`; an HMAC is left zero. */
export function writeReply(
  view: DataView,
  at: number,
  form: StampForm,
  reply: Readonly<StampReply>,
): void {
  clear(view, at, form.octets);
  writeFields(view, at, form, reply);
  view.setUint32(at + form.receive, reply.receiveSeconds);
  view.setUint32(at + form.receive + 4, reply.receiveFraction);
  view.setUint32(at + form.senderSeq, reply.senderSeq);
  view.setUint32(at + form.senderTimestamp, reply.senderSeconds);
  view.setUint32(at + form.senderTimestamp + 4, reply.senderFraction);
  view.setUint16(at + form.senderEstimate, reply.senderEstimate);
  view.setUint8(at + form.senderTtl, reply.senderTtl);
}

/** False: too short, `into` is unchanged. */
export function readReply(packet: StampPacket, form: StampForm, into: StampReply): boolean {
  if (packet.octets < form.replyMin) return false;
  const { view, at } = packet;
  readFields(packet, form, into);
  into.receiveSeconds = view.getUint32(at + form.receive);
  into.receiveFraction = view.getUint32(at + form.receive + 4);
  into.senderSeq = view.getUint32(at + form.senderSeq);
  into.senderSeconds = view.getUint32(at + form.senderTimestamp);
  into.senderFraction = view.getUint32(at + form.senderTimestamp + 4);
  into.senderEstimate = view.getUint16(at + form.senderEstimate);
  into.senderTtl = view.getUint8(at + form.senderTtl);
  return true;
}

/** Where a packet lies: `octets` of it from `at`. The object may be reused. */
export interface StampPacket {
  readonly view: DataView;
  readonly at: number;
  readonly octets: number;
}

function writeFields(
  view: DataView,
  at: number,
  form: StampForm,
  fields: Readonly<StampRequest>,
): void {
  view.setUint32(at + form.seq, fields.seq);
  view.setUint32(at + form.timestamp, fields.seconds);
  view.setUint32(at + form.timestamp + 4, fields.fraction);
  view.setUint16(at + form.estimate, fields.estimate);
  view.setUint16(at + form.ssid, fields.ssid);
}

function readFields(packet: StampPacket, form: StampForm, into: StampRequest): void {
  const { view, at, octets } = packet;
  into.seq = view.getUint32(at + form.seq);
  into.seconds = view.getUint32(at + form.timestamp);
  into.fraction = view.getUint32(at + form.timestamp + 4);
  into.estimate = view.getUint16(at + form.estimate);
  into.ssid = octets < form.ssid + 2 ? 0 : view.getUint16(at + form.ssid);
}

function clear(view: DataView, at: number, octets: number): void {
  for (let i = 0; i < octets; i += 4) view.setUint32(at + i, 0);
}
