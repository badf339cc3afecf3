/**
 * Every message between our processes: the whole contract in one file, encoder and decoder side by
 * side. Little endian, 8-byte aligned, one message per SOCK_SEQPACKET datagram (never empty: an
 * empty read is EOF). Data pair: controller <-> worker, fixed records. Control pair: supervisor <->
 * child, a fixed header and a small JSON body where the message is rare.
 *
 * Header, 24 octets: u32 magic+version, u8 type, u8 flags, u16 reserved, u32 generation (of the
 * worker), u32 count (records in the body), u32 aux, u32 aux2.
 */

import type { ReflectorCounters } from "../domain/reflector.ts";

export const FRAME_MAGIC = 0x31_41_54_50; // "PTA1"
export const HEADER_SIZE = 24;
/** A frame never exceeds this: 57 of them fit the 1 MB socket buffer the supervisor sets. */
export const FRAME_MAX = 32 * 1024;

export const FRAME = {
  // controller -> worker (data pair)
  table: 1, // probe table part; aux: epoch, aux2: part | parts << 16
  stampKey: 2, // before its table; aux: epoch, aux2: number, body: octets (stamp-key.ts)
  burst: 3, // count records of wire/burst.ts; aux: epoch of their table
  // worker -> controller (data pair)
  outcomes: 16, // count outcome records; aux: epoch of the table they belong to
  tableAck: 17, // aux: epoch, count: series accepted
  abilities: 18, // body: JSON WorkerAbilities; sent at start and on change
  counters: 19, // body: JSON WorkerCounters, with every pong
  stall: 20, // body: two f64, the voided span in monotonic us
  verdict: 21, // count records of wire/verdict.ts; aux: epoch of their table
  // control pair
  hello: 32, // child -> supervisor, body: JSON Hello
  ping: 33, // supervisor -> child, aux: sequence
  pong: 34, // child -> supervisor, aux: sequence, body: JSON Progress
  peer: 35, // supervisor -> controller, aux: the worker's generation, 0: worker is gone
  config: 36, // supervisor -> controller, JSON in parts; aux2: part | parts << 16
  stop: 37, // supervisor -> child
  reload: 38, // controller -> supervisor: please re-read the configuration
  processes: 39, // supervisor -> controller, body: JSON ProcessReport, on every change
  ready: 40, // controller -> supervisor: configured and serving
  reflector: 41, // supervisor -> worker, body: JSON ReflectorOrder | null, at hello, on reload
  netWatch: 64, // controller -> worker, body: JSON NetWatch (net-frames.ts); opens netlink
  netOrder: 65, // controller -> worker, body: JSON NetOrder, aux: its number
  netState: 72, // worker -> controller, JSON NetState in parts (aux2), on every change
  linkChange: 73, // worker -> controller, body: JSON LinkChange, at once
  orderOutcome: 74, // worker -> controller, body: JSON OrderOutcome, aux: the order's number
} as const;

export type FrameType = (typeof FRAME)[keyof typeof FRAME];

export interface FrameHeader {
  readonly type: number;
  readonly flags: number;
  readonly generation: number;
  readonly count: number;
  readonly aux: number;
  readonly aux2: number;
}

/** Writes a header at offset 0 of `view`. */
export function writeHeader(view: DataView, header: FrameHeader): void {
  view.setUint32(0, FRAME_MAGIC, true);
  view.setUint8(4, header.type);
  view.setUint8(5, header.flags);
  view.setUint16(6, 0, true);
  view.setUint32(8, header.generation, true);
  view.setUint32(12, header.count, true);
  view.setUint32(16, header.aux, true);
  view.setUint32(20, header.aux2, true);
}

/** null: not a frame of ours (short, wrong magic). */
export function readHeader(frame: Uint8Array): FrameHeader | null {
  if (frame.byteLength < HEADER_SIZE) return null;
  const view = viewOf(frame);
  if (view.getUint32(0, true) !== FRAME_MAGIC) return null;
  return {
    type: view.getUint8(4),
    flags: view.getUint8(5),
    generation: view.getUint32(8, true),
    count: view.getUint32(12, true),
    aux: view.getUint32(16, true),
    aux2: view.getUint32(20, true),
  };
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Outcome record, 32 octets, also the input format of the WASM core's `ingest`:
 * u32 series, u8 kind (OUTCOME), u8 flags (OUTCOME_FLAG), u16 code (ICMP type << 8 | code, or
 * errno, or a reflector's count: OUTCOME_FLAG), u32 seq (per series, from 0), i32 forward_us (delay
 * to a STAMP reflector, with its flag), f64 rtt_us (replied and late only, else 0), f64 sent_us
 * (monotonic send time).
 */
export const OUTCOME_SIZE = 32;
export const OUTCOME_AT = {
  series: 0,
  kind: 4,
  flags: 5,
  code: 6,
  seq: 8,
  forwardUs: 12,
  rttUs: 16,
  sentUs: 24,
} as const;
export const OUTCOMES_MAX = Math.floor((FRAME_MAX - HEADER_SIZE) / OUTCOME_SIZE);

/** The fields of an outcome record; `kind` and `flags` are codes of domain/outcome.ts. */
export interface OutcomeRecord {
  readonly series: number;
  readonly kind: number;
  readonly flags: number;
  readonly code: number;
  readonly seq: number;
  readonly rttUs: number;
  readonly sentUs: number;
  /** Us, whole; absent: 0. */
  readonly forwardUs?: number;
}

export function writeOutcome(view: DataView, at: number, outcome: OutcomeRecord): void {
  view.setUint32(at + OUTCOME_AT.series, outcome.series, true);
  view.setUint8(at + OUTCOME_AT.kind, outcome.kind);
  view.setUint8(at + OUTCOME_AT.flags, outcome.flags);
  view.setUint16(at + OUTCOME_AT.code, outcome.code, true);
  view.setUint32(at + OUTCOME_AT.seq, outcome.seq, true);
  view.setInt32(at + OUTCOME_AT.forwardUs, outcome.forwardUs ?? 0, true);
  view.setFloat64(at + OUTCOME_AT.rttUs, outcome.rttUs, true);
  view.setFloat64(at + OUTCOME_AT.sentUs, outcome.sentUs, true);
}

/**
 * Probe table record, 128 octets; the row number (over all parts) is the series index.
 *   0 u32 path          4 u8 type (PROBE_TYPE)   5 u8 family (4 | 6)   6 u8 flags (TABLE_FLAG)
 *   7 u8 dscp           8 u8 ttl (0: default)    9 u8 down_after       10 u8 up_after  11 u8 k
 *  12 u16 port         14 u16 payload octets    16 u32 fwmark          20 u32 IPv6 scope id
 *  24 f64 interval_us  32 f64 timeout_us        40 f64 confirm_interval_us  48 f64 silence_us
 *  56 16 octets target (IPv4 in the first 4)    72 16 octets source (all zero: none)
 *  88 16 octets interface name, NUL padded (IFNAMSIZ); all zero: not bound
 * 104 f64 phase: first send, as a fraction 0..1 of the interval
 * 112 u16 number of the STAMP key, 0: none   114 14 octets reserved
 */
export const TABLE_SIZE = 128;
export const TABLE_ROWS_MAX = Math.floor((FRAME_MAX - HEADER_SIZE) / TABLE_SIZE);
export const PROBE_TYPE = { icmp: 1, udp: 2, stamp: 3 } as const;
export const TABLE_FLAG = {
  acceptUnreachable: 1,
  metered: 2,
  /** The path is down by a verdict of before: it has to prove itself first. */
  hardDown: 128,
} as const;

export interface TableRow {
  readonly path: number;
  readonly type: number;
  readonly family: 4 | 6;
  readonly flags: number;
  readonly dscp: number;
  readonly ttl: number;
  readonly downAfter: number;
  readonly upAfter: number;
  readonly reliability: number;
  readonly port: number;
  readonly size: number;
  readonly fwmark: number;
  readonly scopeId: number;
  readonly intervalUs: number;
  readonly timeoutUs: number;
  readonly confirmIntervalUs: number;
  readonly silenceUs: number;
  /** 4 or 16 octets. */
  readonly target: Uint8Array;
  /** 4 or 16 octets; null: the kernel chooses. */
  readonly source: Uint8Array | null;
  readonly device: string | null;
  readonly phase: number;
  /** Number of the key that seals STAMP packets, from 1; absent: unauthenticated. */
  readonly key?: number;
}

/** Encodes rows into numbered frames of at most FRAME_MAX octets; at least one frame. */
export function encodeTable(
  epoch: number,
  generation: number,
  rows: readonly TableRow[],
): Uint8Array[] {
  const parts = Math.max(1, Math.ceil(rows.length / TABLE_ROWS_MAX));
  const frames: Uint8Array[] = [];
  for (let part = 0; part < parts; part++) {
    const slice = rows.slice(part * TABLE_ROWS_MAX, (part + 1) * TABLE_ROWS_MAX);
    const frame = new Uint8Array(HEADER_SIZE + slice.length * TABLE_SIZE);
    const view = viewOf(frame);
    writeHeader(view, {
      type: FRAME.table,
      flags: 0,
      generation,
      count: slice.length,
      aux: epoch,
      aux2: part | (parts << 16),
    });
    for (const [i, row] of slice.entries())
      writeRow(frame, view, HEADER_SIZE + i * TABLE_SIZE, row);
    frames.push(frame);
  }
  return frames;
}

function writeRow(frame: Uint8Array, view: DataView, at: number, row: TableRow): void {
  view.setUint32(at, row.path, true);
  view.setUint8(at + 4, row.type);
  view.setUint8(at + 5, row.family);
  view.setUint8(at + 6, row.flags);
  view.setUint8(at + 7, row.dscp);
  view.setUint8(at + 8, row.ttl);
  view.setUint8(at + 9, row.downAfter);
  view.setUint8(at + 10, row.upAfter);
  view.setUint8(at + 11, row.reliability);
  view.setUint16(at + 12, row.port, true);
  view.setUint16(at + 14, row.size, true);
  view.setUint32(at + 16, row.fwmark, true);
  view.setUint32(at + 20, row.scopeId, true);
  view.setFloat64(at + 24, row.intervalUs, true);
  view.setFloat64(at + 32, row.timeoutUs, true);
  view.setFloat64(at + 40, row.confirmIntervalUs, true);
  view.setFloat64(at + 48, row.silenceUs, true);
  frame.set(row.target, at + 56);
  if (row.source !== null) frame.set(row.source, at + 72);
  if (row.device !== null) frame.set(new TextEncoder().encode(row.device).subarray(0, 15), at + 88);
  view.setFloat64(at + 104, row.phase, true);
  view.setUint16(at + 112, row.key ?? 0, true);
}

/** Decodes the rows of one table frame; null when the length does not fit the count. */
export function decodeTable(frame: Uint8Array, header: FrameHeader): TableRow[] | null {
  if (frame.byteLength !== HEADER_SIZE + header.count * TABLE_SIZE) return null;
  const view = viewOf(frame);
  const rows: TableRow[] = [];
  for (let i = 0; i < header.count; i++)
    rows.push(readRow(frame, view, HEADER_SIZE + i * TABLE_SIZE));
  return rows;
}

function readRow(frame: Uint8Array, view: DataView, at: number): TableRow {
  const family = view.getUint8(at + 5) === 6 ? 6 : 4;
  const octets = family === 6 ? 16 : 4;
  const source = frame.slice(at + 72, at + 72 + octets);
  const device = frame.subarray(at + 88, at + 104);
  const deviceEnd = device.indexOf(0);
  const key = view.getUint16(at + 112, true);
  return {
    path: view.getUint32(at, true),
    type: view.getUint8(at + 4),
    family,
    flags: view.getUint8(at + 6),
    dscp: view.getUint8(at + 7),
    ttl: view.getUint8(at + 8),
    downAfter: view.getUint8(at + 9),
    upAfter: view.getUint8(at + 10),
    reliability: view.getUint8(at + 11),
    port: view.getUint16(at + 12, true),
    size: view.getUint16(at + 14, true),
    fwmark: view.getUint32(at + 16, true),
    scopeId: view.getUint32(at + 20, true),
    intervalUs: view.getFloat64(at + 24, true),
    timeoutUs: view.getFloat64(at + 32, true),
    confirmIntervalUs: view.getFloat64(at + 40, true),
    silenceUs: view.getFloat64(at + 48, true),
    target: frame.slice(at + 56, at + 56 + octets),
    source: source.some((octet) => octet !== 0) ? source : null,
    device:
      deviceEnd === 0 ? null : new TextDecoder().decode(device.subarray(0, Math.max(0, deviceEnd))),
    phase: view.getFloat64(at + 104, true),
    ...(key === 0 ? {} : { key }),
  };
}

/**
 * How a family and type of probe can be sent here; `none` carries the errno of the last attempt.
 */
export type SocketMode = "dgram" | "raw" | "none";

export interface WorkerAbilities {
  readonly icmp4: SocketMode;
  readonly icmp6: SocketMode;
  readonly udp4: SocketMode;
  readonly udp6: SocketMode;
  /** Best stamps in use: kernel on both ends, receive only, or userland. */
  readonly stamps: "kernel" | "kernel-rx" | "userland";
  /** Sentences for the operator, empty when all is well. */
  readonly problems: readonly string[];
}

/** Monotonic counts since the worker's start. */
export interface WorkerCounters {
  readonly sent: number;
  readonly received: number;
  readonly foreign: number;
  readonly frames_held: number;
  readonly records_dropped: number;
  readonly stalls: number;
  readonly wakeups: number;
  /** null: no reflector is configured. */
  readonly reflector: ReflectorCounters | null;
}

export interface Hello {
  readonly role: "controller" | "worker";
  readonly pid: number;
  readonly version: string;
}

export interface Progress {
  /** Monotonic us of the last useful work (worker: last send; controller: last ingest); 0: none. */
  readonly last_work_us: number;
  /** Worst event-loop or ppoll lag since the last pong, us. */
  readonly lag_us: number;
}

export interface ProcessState {
  readonly pid: number | null;
  readonly generation: number;
  readonly restarts: number;
  readonly last_exit: string | null;
}

/** What only the supervisor knows, for the status surfaces. */
export interface ProcessReport {
  readonly supervisor_pid: number;
  readonly controller: ProcessState;
  readonly worker: ProcessState;
  /** Own users for the children, or one shared by all. */
  readonly separation: "users" | "shared";
  readonly problems: readonly string[];
}

/** A header-only frame. */
export function encodeSignal(type: FrameType, generation: number, aux = 0): Uint8Array {
  const frame = new Uint8Array(HEADER_SIZE);
  writeHeader(viewOf(frame), { type, flags: 0, generation, count: 0, aux, aux2: 0 });
  return frame;
}

/** A frame with a JSON body that fits one frame. Throws RangeError when it does not. */
export function encodeJson(
  type: FrameType,
  generation: number,
  body: unknown,
  aux = 0,
  aux2 = 0,
): Uint8Array {
  return encodeBody(type, generation, JSON.stringify(body), { aux, aux2 });
}

export interface FrameAux {
  readonly aux: number;
  readonly aux2: number;
}

/** A frame with a text body that fits one frame. Throws RangeError when it does not. */
export function encodeBody(
  type: FrameType,
  generation: number,
  body: string,
  { aux, aux2 }: FrameAux,
): Uint8Array {
  const text = new TextEncoder().encode(body);
  if (text.byteLength > FRAME_MAX - HEADER_SIZE) {
    throw new RangeError(`cannot encode frame ${type} of ${text.byteLength} octets`);
  }
  const frame = new Uint8Array(HEADER_SIZE + text.byteLength);
  writeHeader(viewOf(frame), { type, flags: 0, generation, count: 1, aux, aux2 });
  frame.set(text, HEADER_SIZE);
  return frame;
}

/** A text of any length in numbered frames (aux2: part | parts << 16). */
export function encodeText(type: FrameType, text: string, generation = 0): Uint8Array[] {
  const bytes = new TextEncoder().encode(text);
  const room = FRAME_MAX - HEADER_SIZE;
  const parts = Math.max(1, Math.ceil(bytes.byteLength / room));
  return Array.from({ length: parts }, (_, part) => {
    const slice = bytes.subarray(part * room, (part + 1) * room);
    const frame = new Uint8Array(HEADER_SIZE + slice.byteLength);
    const aux2 = part | (parts << 16);
    writeHeader(viewOf(frame), { type, flags: 0, generation, count: 1, aux: 0, aux2 });
    frame.set(slice, HEADER_SIZE);
    return frame;
  });
}

/** The body of a frame made by encodeJson; undefined when it is not JSON. */
export function decodeJson(frame: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(frame.subarray(HEADER_SIZE)));
  } catch {
    return undefined;
  }
}
