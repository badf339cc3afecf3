/**
 * The probe table as columns: everything the send and receive paths need of a series, ready for
 * typed-array loads. Built once per table; the addresses lie in an arena the kernel reads from.
 */

import { US_PER_MS, US_PER_S } from "../domain/units.ts";
import { sumOctets } from "../wire/checksum.ts";
import type { TableRow } from "../wire/frame.ts";
import { PROBE_TYPE, TABLE_FLAG } from "../wire/frame.ts";
import { ICMP4 } from "../wire/icmp.ts";
import {
  PAYLOAD_HEAD,
  PAYLOAD_MAX,
  patternOf,
  payloadOctets,
  TOKEN_OCTETS,
} from "../wire/probe-payload.ts";
import { SOCKADDR_SLOT, writeSockaddr } from "../wire/sockaddr.ts";
import { paddedOctets } from "../wire/stamp-tlv.ts";
import { formOf } from "./stamp/sessions.ts";

/** After its timeout a probe is listened for this long, to tell late from lost. */
const LINGER_TIMEOUTS = 5;
const LINGER_MIN_US = 3 * US_PER_S;
const LINGER_MAX_US = 10 * US_PER_S;
/** A table is data from a less privileged process: bounded here, whatever it says. */
const INTERVAL_MIN_US = US_PER_MS;
const TIMEOUT_MIN_US = US_PER_MS;
const TIMEOUT_MAX_US = 60 * US_PER_S;

export class SeriesTable {
  readonly count: number;
  /** 0: the series does not send (its target has no address yet). */
  readonly intervalUs: Float64Array;
  readonly phase: Float64Array;
  readonly timeoutUs: Float64Array;
  readonly lingerUs: Float64Array;
  /** Payload octets on the wire. */
  readonly size: Int32Array;
  readonly isUdp: Uint8Array;
  readonly acceptsUnreachable: Uint8Array;
  /** Unfolded checksum of what is equal in every echo request of the series (IPv4). */
  readonly baseSum: Float64Array;
  /** One sockaddr per SOCKADDR_SLOT octets. */
  readonly addresses: Uint8Array;
  readonly addressWords: Int32Array;
  readonly addressOctets: Int32Array;
  /** Sequence number of the next probe. */
  readonly nextSeq: Uint32Array;
  /** Highest sequence number replied to so far; -1: none. */
  readonly newestReplied: Float64Array;

  constructor(rows: readonly TableRow[]) {
    const count = rows.length;
    this.count = count;
    this.intervalUs = Float64Array.from(rows, intervalOf);
    this.phase = Float64Array.from(rows, (row) =>
      row.phase >= 0 && row.phase <= 1 ? row.phase : 0,
    );
    this.timeoutUs = Float64Array.from(rows, (row) =>
      bounded(row.timeoutUs, TIMEOUT_MIN_US, TIMEOUT_MAX_US),
    );
    this.lingerUs = this.timeoutUs.map((timeout) =>
      bounded(LINGER_TIMEOUTS * timeout, LINGER_MIN_US, LINGER_MAX_US),
    );
    this.isUdp = Uint8Array.from(rows, (row) => (row.type === PROBE_TYPE.udp ? 1 : 0));
    this.size = Int32Array.from(rows, sizeOf);
    this.acceptsUnreachable = Uint8Array.from(
      rows,
      (row) => row.flags & TABLE_FLAG.acceptUnreachable,
    );
    this.baseSum = baseSums(this.size);
    this.addresses = new Uint8Array(Math.max(1, count) * SOCKADDR_SLOT);
    this.addressWords = new Int32Array(this.addresses.buffer);
    this.addressOctets = Int32Array.from(rows, (row, i) => this.#writeAddress(row, i));
    this.nextSeq = new Uint32Array(count);
    this.newestReplied = new Float64Array(count).fill(-1);
  }

  /** Probes per second of all series together. */
  get rate(): number {
    return this.intervalUs.reduce((sum, us) => sum + (us > 0 ? US_PER_S / us : 0), 0);
  }

  /** Probes that can be unresolved at once, at worst. */
  get unresolvedMax(): number {
    return this.intervalUs.reduce((sum, us, i) => {
      const span = (this.timeoutUs[i] ?? 0) + (this.lingerUs[i] ?? 0);
      return us > 0 ? sum + span / us : sum;
    }, 0);
  }

  /** The shortest timeout, us; Infinity without series. */
  get timeoutMinUs(): number {
    return this.timeoutUs.reduce((least, us) => Math.min(least, us), Number.POSITIVE_INFINITY);
  }

  /** The shortest interval of a series that sends, us; Infinity without one. */
  get intervalMinUs(): number {
    const faster = (least: number, us: number) => (us > 0 && us < least ? us : least);
    return this.intervalUs.reduce(faster, Number.POSITIVE_INFINITY);
  }

  get sizeMax(): number {
    return this.size.reduce((most, octets) => Math.max(most, octets), 0);
  }

  #writeAddress(row: TableRow, series: number): number {
    return writeSockaddr(this.addresses, series * SOCKADDR_SLOT, {
      family: row.family,
      address: row.target,
      port: row.type === PROBE_TYPE.icmp ? 0 : row.port,
      scopeId: row.scopeId,
    });
  }
}

function sizeOf(row: TableRow): number {
  if (row.type !== PROBE_TYPE.stamp) return payloadOctets(row.size, row.type === PROBE_TYPE.udp);
  return Math.min(PAYLOAD_MAX, paddedOctets(formOf(row).octets, row.size));
}

function intervalOf(row: TableRow): number {
  return row.type === 0 || !(row.intervalUs > 0) ? 0 : Math.max(INTERVAL_MIN_US, row.intervalUs);
}

function bounded(value: number, least: number, most: number): number {
  return value >= least ? Math.min(value, most) : least;
}

/** Type octet plus pattern behind the token, by payload size (few sizes, many series). */
function baseSums(sizes: Int32Array): Float64Array {
  const known = new Map<number, number>();
  return Float64Array.from(sizes, (size) => {
    const sum = known.get(size) ?? patternSum(size) + ICMP4.echoRequest;
    known.set(size, sum);
    return sum;
  });
}

function patternSum(size: number): number {
  const pattern = patternOf(Math.max(size, PAYLOAD_HEAD));
  const halves = new Uint16Array(pattern.buffer);
  return sumOctets(pattern, halves, TOKEN_OCTETS, size - TOKEN_OCTETS);
}
