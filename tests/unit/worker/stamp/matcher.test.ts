/** Requests as the writer lays them out, answered by hand, at the edges of the numbers. */

import { describe, expect, test } from "bun:test";
import { ntpSpanUs } from "../../../../agent/wire/ntp-time.ts";
import { sockaddrOf } from "../../../../agent/wire/sockaddr.ts";
import { newRequest, OPEN_FORM, readRequest } from "../../../../agent/wire/stamp.ts";
import { ClockQuality } from "../../../../agent/worker/clock-quality.ts";
import { Ledger, SLOT } from "../../../../agent/worker/ledger.ts";
import type { Packet, PacketKind } from "../../../../agent/worker/matcher.ts";
import { JUDGEMENT, Matcher } from "../../../../agent/worker/matcher.ts";
import { MessageBlock } from "../../../../agent/worker/message-layout.ts";
import { SeriesTable } from "../../../../agent/worker/series-table.ts";
import { StampMatcher } from "../../../../agent/worker/stamp/matcher.ts";
import { STAMP_HEAD_MAX, StampSessions } from "../../../../agent/worker/stamp/sessions.ts";
import { StampWriter } from "../../../../agent/worker/stamp/writer.ts";
import { ProbeTracker } from "../../../../agent/worker/tracker.ts";
import { TimingWheel } from "../../../../agent/worker/wheel.ts";
import { icmpRow } from "../../../support/table-rows.ts";

const TARGET = [192, 0, 2, 1];
const OTHER = [192, 0, 2, 9];
const PORT = 862;
const KIND: PacketKind = { family: 4, isUdp: true, isRaw4: false, id: 40_000 };
const BASE = 1_788_140_544;
const SYNCED = { result: 0, status: 0, errorMaxUs: 10, errorUs: 1 };
/** Of the words drawn for SSID and first sequence number: the second is two short of the wrap. */
const WORDS = [0x1233, -2];

function setUp() {
  const rows = [icmpRow(TARGET, { type: 3, size: 44, port: PORT })];
  let drawn = 0;
  const randomWord = () => WORDS[drawn++] ?? drawn;
  const sessions = new StampSessions(rows, { keys: new Map(), randomWord, capacity: 256 });
  const series = new SeriesTable(rows);
  const ledger = new Ledger(256, randomWord);
  const wheel = new TimingWheel(256);
  const tracker = new ProbeTracker({ ledger, wheel }, series, { record: () => {} });
  const quality = new ClockQuality(() => SYNCED);
  const block = new MessageBlock({ count: 4, control: 0, payload: (STAMP_HEAD_MAX + 7) & ~7 });
  const writer = new StampWriter({ tracker, sessions, quality, block, baseSeconds: BASE });
  const replies = new Uint8Array(4_096);
  const matcher = new Matcher(ledger, series);
  const parts = { ledger, sessions, quality, matcher, baseSeconds: BASE };
  return { tracker, block, writer, replies, matcher: new StampMatcher(parts, replies) };
}

type Bench = ReturnType<typeof setUp>;

/** Sends one probe at `wallUs` after the base; its packet, and where it is kept. */
function send({ tracker, block, writer }: Bench, wallUs: number) {
  const slot = tracker.open(0);
  tracker.ledger.sentUs[slot] = wallUs - 1_000;
  tracker.ledger.offsetUs[slot] = 1_000;
  writer.lay(0, 0);
  writer.write(Int32Array.of(slot), 1, wallUs);
  const at = block.payloadAt(0);
  return { slot, request: block.bytes.slice(at, at + 44) };
}

/** The stateless reply, with `changes` by offset. */
function replyTo(request: Uint8Array, changes: Readonly<Record<number, readonly number[]>> = {}) {
  const reply = new Uint8Array(44);
  reply.set(request.subarray(0, 16), 0);
  reply.set(request.subarray(4, 12), 16);
  reply.set(request.subarray(0, 14), 24);
  reply[40] = 64;
  for (const [at, octets] of Object.entries(changes)) reply.set(octets, Number(at));
  return reply;
}

function packet({ replies }: Bench, octets: Uint8Array, from = TARGET, port = PORT): Packet {
  replies.fill(0);
  replies.set(octets, 64);
  const address = Uint8Array.from(from);
  replies.set(sockaddrOf({ family: 4, address, port, scopeId: 0 }), 2_048);
  const views = { halves: new Uint16Array(replies.buffer), words: new Int32Array(replies.buffer) };
  const where = { at: 64, octets: octets.length, nameAt: 2_048, isTruncated: false };
  return { bytes: replies, ...views, ...where };
}

function fieldsOf(request: Uint8Array) {
  const into = newRequest();
  const view = new DataView(request.buffer);
  expect(readRequest({ view, at: 0, octets: request.length }, OPEN_FORM, into)).toBe(true);
  return into;
}

describe("StampWriter and StampMatcher", () => {
  test("sequence numbers wrap at 2^32 with every reply going to its own probe", () => {
    const bench = setUp();
    const sent = [0, 1, 2, 3].map((i) => send(bench, 1_000_000 * i));
    const seqs = sent.map(({ request }) => fieldsOf(request).seq);
    expect(seqs).toEqual([0xffff_fffe, 0xffff_ffff, 0, 1]);
    for (const { slot, request } of sent) {
      const judgement = bench.matcher.judge(packet(bench, replyTo(request)), KIND);
      expect([judgement, bench.matcher.slot]).toEqual([JUDGEMENT.genuine, slot]);
    }
  });

  test("T1 is within 0.25 ms of the send call, whatever number it carries", () => {
    const bench = setUp();
    for (let wallUs = 0; wallUs < 3e6; wallUs += 1_999.77) {
      const { slot, request } = send(bench, wallUs);
      bench.tracker.ledger.state[slot] = SLOT.closed;
      const { seconds, fraction, ssid } = fieldsOf(request);
      const isInside = wallUs % 1e6 > 250 && wallUs % 1e6 < 999_750;
      const error = Math.abs(ntpSpanUs(BASE, seconds, fraction) - wallUs);
      expect(error).toBeLessThan(isInside ? 123 : 245);
      expect(ssid).toBe(0x1234);
    }
  });

  test("a T1 that was nanoseconds or a float meanwhile is still ours", () => {
    const bench = setUp();
    for (let i = 0; i < 100; i++) {
      const { slot, request } = send(bench, i * 7_777.7);
      const reply = replyTo(request);
      const view = new DataView(reply.buffer);
      const fraction = view.getUint32(32);
      const nanoseconds = Math.floor((fraction * 1e9) / 2 ** 32);
      view.setUint32(32, Math.floor((nanoseconds * 2 ** 32) / 1e9));
      const judgement = bench.matcher.judge(packet(bench, reply), KIND);
      expect([judgement, bench.matcher.slot]).toEqual([JUDGEMENT.genuine, slot]);
    }
  });

  test("judge() tells apart who answered, and from which port", () => {
    const bench = setUp();
    const reply = replyTo(send(bench, 5).request);
    expect(bench.matcher.judge(packet(bench, reply, OTHER), KIND)).toBe(JUDGEMENT.mismatched);
    expect(bench.matcher.judge(packet(bench, reply, TARGET, 863), KIND)).toBe(JUDGEMENT.mismatched);
    expect(bench.matcher.judge(packet(bench, new Uint8Array(44)), KIND)).toBe(JUDGEMENT.foreign);
  });

  test("judge() calls half a token damage from the target, and nothing from elsewhere", () => {
    const bench = setUp();
    const { request } = send(bench, 5);
    for (const at of [24, 28, 32]) {
      const reply = replyTo(request, { [at]: [(request[at - 24] ?? 0) ^ 0xff] });
      expect(bench.matcher.judge(packet(bench, reply), KIND)).toBe(JUDGEMENT.corrupt);
      expect(bench.matcher.judge(packet(bench, reply, OTHER), KIND)).toBe(JUDGEMENT.foreign);
    }
  });

  test("judge() refuses a reply that did not fit our memory, and nanoseconds beyond a second", () => {
    const bench = setUp();
    const { request } = send(bench, 5);
    const cut = { ...packet(bench, replyTo(request)), isTruncated: true };
    expect(bench.matcher.judge(cut, KIND)).toBe(JUDGEMENT.corrupt);
    const odd = replyTo(request, { 8: [255, 255, 255, 255], 12: [0x40, 1] });
    expect(bench.matcher.judge(packet(bench, odd), KIND)).toBe(JUDGEMENT.corrupt);
  });

  test("reflection() trusts two synchronised NTP clocks only", () => {
    const bench = setUp();
    const { request } = send(bench, 5);
    const trusted = (estimate: readonly number[]) => {
      bench.matcher.judge(
        packet(bench, replyTo(request, { 8: [0, 0], 12: estimate, 20: [0] })),
        KIND,
      );
      return bench.matcher.reflection().isTrusted;
    };
    expect(
      [
        [0x80, 1],
        [0, 1],
        [0xc0, 1],
      ].map(trusted),
    ).toEqual([true, false, false]);
  });

  test("quoted() finds the probe an ICMP error quotes, by 12 octets of it", () => {
    const bench = setUp();
    const { slot, request } = send(bench, 5);
    expect(bench.matcher.quoted(packet(bench, request.subarray(0, 12)), KIND)).toBe(slot);
    expect(bench.matcher.quoted(packet(bench, request.subarray(0, 11)), KIND)).toBe(-1);
    expect(bench.matcher.quoted(packet(bench, request, OTHER), KIND)).toBe(-1);
    const changed = request.slice();
    changed[0] = (changed[0] ?? 0) ^ 1;
    expect(bench.matcher.quoted(packet(bench, changed), KIND)).toBe(-1);
  });
});
