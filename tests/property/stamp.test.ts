/**
 * Fuzz of the STAMP codec: any octets are read or refused, and what is written is read back.
 * FULL=1 runs longer.
 */

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ntpFraction, ntpSeconds, ntpSpanUs } from "../../agent/wire/ntp-time.ts";
import type { StampForm, StampPacket } from "../../agent/wire/stamp.ts";
import {
  newReply,
  newRequest,
  OPEN_FORM,
  readReply,
  readRequest,
  SEALED_FORM,
  writeReply,
  writeRequest,
} from "../../agent/wire/stamp.ts";
import { encodeEstimate, estimateUs, isSynchronised } from "../../agent/wire/stamp-error.ts";
import { markTlvs, newTlv } from "../../agent/wire/stamp-tlv.ts";

const numRuns = process.env["FULL"] === "1" ? 200_000 : 2_000;
const FORMS = [OPEN_FORM, SEALED_FORM] as const;

const u32 = fc.nat(0xffff_ffff);
const u16 = fc.nat(0xffff);
const request = {
  seq: u32,
  seconds: u32,
  fraction: u32,
  estimate: u16,
  ssid: u16,
};
const reply = {
  ...request,
  receiveSeconds: u32,
  receiveFraction: u32,
  senderSeq: u32,
  senderSeconds: u32,
  senderFraction: u32,
  senderEstimate: u16,
  senderTtl: fc.nat(255),
};

function written(form: StampForm, write: (view: DataView) => void): StampPacket {
  const view = new DataView(new ArrayBuffer(form.octets + 8));
  write(view);
  return { view, at: 4, octets: form.octets };
}

describe("stamp", () => {
  test("what is written is read back, both ways and both forms", () => {
    fc.assert(
      fc.property(fc.record(request), fc.record(reply), fc.constantFrom(...FORMS), (a, b, form) => {
        const asked = newRequest();
        const answered = newReply();
        const sent = written(form, (view) => writeRequest(view, 4, form, a));
        expect(readRequest(sent, form, asked)).toBe(true);
        expect(asked).toEqual({ ...a });
        const back = written(form, (view) => writeReply(view, 4, form, b));
        expect(readReply(back, form, answered)).toBe(true);
        expect(answered).toEqual({ ...b });
      }),
      { numRuns },
    );
  });

  test("any octets of any length are read or refused, and marking stays inside the packet", () => {
    const octets = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(octets, fc.constantFrom(...FORMS), (bytes, form) => {
        const arena = new Uint8Array(bytes.length + 8).fill(0xaa);
        arena.set(bytes);
        const packet = { view: new DataView(arena.buffer), at: 0, octets: bytes.length };
        expect(readRequest(packet, form, newRequest())).toBe(bytes.length >= form.requestMin);
        expect(readReply(packet, form, newReply())).toBe(bytes.length >= form.replyMin);
        markTlvs(packet, Math.min(form.octets, bytes.length), newTlv(), ({ type }) => type === 1);
        expect(arena.subarray(bytes.length)).toEqual(new Uint8Array(8).fill(0xaa));
      }),
      { numRuns },
    );
  });

  test("a moment within 60 years of the base comes back to the nanosecond", () => {
    const base = fc.integer({ min: 1_500_000_000, max: 4_000_000_000 });
    const span = fc.double({ min: 0, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(
        base,
        span,
        fc.integer({ min: -1_800_000_000, max: 1_800_000_000 }),
        (b, us, off) => {
          const read = ntpSpanUs(b + off, ntpSeconds(b, us), ntpFraction(us)) + off * 1e6;
          expect(Math.abs(read - us)).toBeLessThan(off === 0 ? 0.001 : 1);
        },
      ),
      { numRuns },
    );
  });

  test("an error estimate never says less than was put in", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), fc.boolean(), (us, synced) => {
        const estimate = encodeEstimate(us, synced);
        expect(estimateUs(estimate)).toBeGreaterThanOrEqual(us);
        expect(isSynchronised(estimate)).toBe(synced);
        expect(estimate & 0xff).toBeGreaterThan(0);
      }),
      { numRuns },
    );
  });
});
