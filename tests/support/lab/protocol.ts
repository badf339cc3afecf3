/** What the test and the responder say to each other: JSON lines, one answer per command. */

import type { Behaviour, Decision } from "./behaviour.ts";
import type { Entry } from "./record.ts";

export type Command =
  | { readonly command: "behave"; readonly address: string; readonly behaviour: Behaviour }
  | { readonly command: "record"; readonly address: string }
  | { readonly command: "forget"; readonly address: string }
  | { readonly command: "carrier"; readonly isOn: boolean }
  | { readonly command: "counters" };

/** The first line. */
export interface Hello {
  readonly device: string;
  /** Of the random decisions, to repeat a run. */
  readonly seed: number;
}

export type Answer<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "refused"; readonly reason: string };

export interface Counters {
  /** Packets read from the device. */
  readonly packets: number;
  /** Not an ICMP echo request or UDP to an address of the lab. */
  readonly ignored: number;
  /** Packets written to the device, copies and errors included. */
  readonly sent: number;
  /** Packets the kernel did not take, e.g. while the carrier is off. */
  readonly unsent: number;
  /** Requests that found the record full. */
  readonly unrecorded: number;
  /** us, the worst departure after its due time, of packets sent. */
  readonly latenessMaxUs: number;
}

/** An entry of the record as a row: up to 200,000 travel in one line. */
export type Row = readonly [
  arrivedUs: number,
  departedUs: number | null,
  protocol: number,
  seq: number,
  decision: Decision,
];

export function rowOf(entry: Entry): Row {
  const { arrivedUs, departedUs, protocol, seq, decision } = entry;
  return [arrivedUs, departedUs, protocol, seq, decision];
}

export function entryOf([arrivedUs, departedUs, protocol, seq, decision]: Row): Entry {
  return { arrivedUs, departedUs, protocol, seq, decision };
}
