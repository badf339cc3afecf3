/** STAMP packets of tests: requests as octets, and the fields of what came back. */

import type { StampForm, StampReply } from "../../agent/wire/stamp.ts";
import {
  newReply,
  newRequest,
  OPEN_FORM,
  readReply,
  writeRequest,
} from "../../agent/wire/stamp.ts";
import { StampSeal } from "../../agent/wire/stamp-hmac.ts";

export interface RequestFields {
  readonly seq?: number;
  readonly ssid?: number;
  readonly form?: StampForm;
  /** Octets behind the base packet. */
  readonly tail?: readonly number[];
  readonly key?: Uint8Array | null;
}

/** The times and the error estimate of reference vectors: 2026-08-31 01:42:24.5 UTC. */
export const T1 = { seconds: 0xee3f_5a80, fraction: 0x8000_0000, estimate: 0x8a05 } as const;

export function requestOctets(fields: RequestFields = {}): Uint8Array {
  const { seq = 7, ssid = 0x1234, form = OPEN_FORM, tail = [], key = null } = fields;
  const bytes = new Uint8Array(form.octets + tail.length);
  writeRequest(new DataView(bytes.buffer), 0, form, { ...newRequest(), ...T1, seq, ssid });
  bytes.set(tail, form.octets);
  if (key !== null) new StampSeal(key).write(bytes, 0);
  return bytes;
}

/** Throws when it is no reply. */
export function replyFields(bytes: Uint8Array, form: StampForm = OPEN_FORM): StampReply {
  const reply = newReply();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!readReply({ view, at: 0, octets: bytes.byteLength }, form, reply)) {
    throw new Error(`not a reply: ${bytes.toHex()}`);
  }
  return reply;
}
