/**
 * Fuzz of the STAMP codec: any octets are read or refused, and what is written is read back.
 * FULL=1 runs longer.
 */

import { describe, expect, test } from "bun:test";
import { ntpFraction, ntpSeconds, ntpSpanUs } from "../../agent/wire/ntp-time.ts";
import { sockaddrOf } from "../../agent/wire/sockaddr.ts";
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
import { ClockQuality } from "../../agent/worker/clock-quality.ts";
import { Ledger } from "../../agent/worker/ledger.ts";
import type { Packet } from "../../agent/worker/matcher.ts";
import { JUDGEMENT, Matcher } from "../../agent/worker/matcher.ts";
import { SeriesTable } from "../../agent/worker/series-table.ts";
import { StampMatcher } from "../../agent/worker/stamp/matcher.ts";
import { fractionWith, numberIn, StampSessions } from "../../agent/worker/stamp/sessions.ts";
import { fc } from "../support/property.ts";
import { icmpRow } from "../support/table-rows.ts";

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

describe("StampMatcher", () => {
  const rows = [icmpRow([192, 0, 2, 1], { type: 3, size: 44, port: 862 })];
  const parts = { keys: new Map(), randomWord: () => 0x0a0b_0c0d, capacity: 256 };
  const sessions = new StampSessions(rows, parts);
  const series = new SeriesTable(rows);
  const ledger = new Ledger(256, parts.randomWord);
  const replies = new Uint8Array(4_096);
  const quality = new ClockQuality(() => null);
  const judges = { ledger, sessions, quality, matcher: new Matcher(ledger, series) };
  const matcher = new StampMatcher({ ...judges, baseSeconds: 0 }, replies);
  const kind = { family: 4, isUdp: true, isRaw4: false, id: 1 } as const;
  const slot = ledger.next();
  ledger.open(slot, 0, 0);

  function packet(octets: Uint8Array): Packet {
    replies.fill(0);
    replies.set(octets, 64);
    const address = Uint8Array.of(192, 0, 2, 1);
    replies.set(sockaddrOf({ family: 4, address, port: 862, scopeId: 0 }), 2_048);
    const views = {
      halves: new Uint16Array(replies.buffer),
      words: new Int32Array(replies.buffer),
    };
    const where = { at: 64, octets: octets.length, nameAt: 2_048, isTruncated: false };
    return { bytes: replies, ...views, ...where };
  }

  test("judge() and quoted() take any octets of any length, and none is a reply", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
        expect(matcher.judge(packet(octets), kind)).not.toBe(JUDGEMENT.genuine);
        expect(matcher.quoted(packet(octets), kind)).toBeGreaterThanOrEqual(-1);
      }),
      { numRuns },
    );
  });

  test("a fraction carries any number, near the moment it stands for", () => {
    fc.assert(
      fc.property(u32, u16, (fraction, number) => {
        const carrying = fractionWith(fraction, number);
        const word = new Int32Array(new Uint8Array(4).buffer);
        new DataView(word.buffer).setUint32(0, carrying);
        expect(numberIn(word[0] ?? 0)).toBe(number);
        expect(Math.abs(carrying - fraction)).toBeLessThan(2 ** 20);
        expect(carrying).toBeWithin(0, 2 ** 32);
      }),
      { numRuns },
    );
  });
});
