/** Which packets answer a probe: genuine ones pass, every kind of damage is told apart. */

import { describe, expect, test } from "bun:test";
import { swapHalf } from "../../../agent/wire/icmp.ts";
import { patternOf } from "../../../agent/wire/probe-payload.ts";
import { sockaddrOf } from "../../../agent/wire/sockaddr.ts";
import { Ledger, SLOT } from "../../../agent/worker/ledger.ts";
import type { Packet, PacketKind } from "../../../agent/worker/matcher.ts";
import { JUDGEMENT, Matcher } from "../../../agent/worker/matcher.ts";
import { SeriesTable } from "../../../agent/worker/series-table.ts";
import { icmpRow, udpRow } from "../../support/table-rows.ts";

const TARGET = [192, 0, 2, 1];
const TARGET6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
const ID = 0x1234;

const DGRAM4: PacketKind = { family: 4, isUdp: false, isRaw4: false, id: ID };
const RAW4: PacketKind = { ...DGRAM4, isRaw4: true };
const DGRAM6: PacketKind = { ...DGRAM4, family: 6 };
const UDP4: PacketKind = { family: 4, isUdp: true, isRaw4: false, id: 0 };

function setUp(size = 20) {
  const rows = [icmpRow(TARGET, { size }), icmpRow(TARGET6, { size }), udpRow(TARGET, 7, { size })];
  const ledger = new Ledger(256, () => 0x0a0b_0c0d);
  const matcher = new Matcher(ledger, new SeriesTable(rows));
  const probe = (series: number): number => {
    const slot = ledger.next();
    ledger.open(slot, series, 0);
    return slot;
  };
  return { ledger, matcher, probe };
}

/** Where a packet lies does not matter: 64 octets into an arena, the peer's address behind it. */
function packet(octets: readonly number[], from: readonly number[], port = 0): Packet {
  const bytes = new Uint8Array(4_096);
  bytes.set(octets, 64);
  const family = from.length === 16 ? 6 : 4;
  bytes.set(sockaddrOf({ family, address: Uint8Array.from(from), port, scopeId: 0 }), 2_048);
  return {
    bytes,
    halves: new Uint16Array(bytes.buffer),
    words: new Int32Array(bytes.buffer),
    at: 64,
    octets: octets.length,
    nameAt: 2_048,
    isTruncated: false,
  };
}

function token(ledger: Ledger, slot: number): number[] {
  const words = Int32Array.from([ledger.tokenA[slot] ?? 0, ledger.tokenB[slot] ?? 0]);
  return [...new Uint8Array(words.buffer)];
}

function checksum(octets: readonly number[]): readonly [number, number] {
  let sum = 0;
  for (const [i, octet] of octets.entries()) sum += i % 2 === 0 ? octet << 8 : octet;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return [(~sum >>> 8) & 0xff, ~sum & 0xff];
}

interface Changes {
  readonly type?: number;
  readonly id?: number;
  readonly number?: number;
  readonly size?: number;
  readonly options?: number;
}

function echoReply(ledger: Ledger, slot: number, changes: Changes = {}): number[] {
  const { type = 0, id = ID, size = 20 } = changes;
  const number = changes.number ?? ledger.number[slot] ?? 0;
  const body = [...token(ledger, slot), ...patternOf(size).subarray(8, size)];
  const head = [type, 0, 0, 0, id >>> 8, id & 0xff, number >>> 8, number & 0xff];
  const sum = checksum([...head, ...body]);
  return [type, 0, ...sum, ...head.slice(4), ...body];
}

function ipv4(payload: readonly number[], options = 0): number[] {
  return [0x45 + options / 4, ...new Array<number>(19 + options).fill(0), ...payload];
}

describe("Matcher.judge()", () => {
  test("accepts the reply of every kind of socket", () => {
    const { ledger, matcher, probe } = setUp();
    const [four, six] = [probe(0), probe(1)];
    const reply = echoReply(ledger, four);
    expect(matcher.judge(packet(reply, TARGET), DGRAM4)).toBe(JUDGEMENT.genuine);
    expect(matcher.slot).toBe(four);
    expect(matcher.judge(packet(ipv4(reply), TARGET), RAW4)).toBe(JUDGEMENT.genuine);
    const reply6 = echoReply(ledger, six, { type: 129 });
    expect(matcher.judge(packet(reply6, TARGET6), DGRAM6)).toBe(JUDGEMENT.genuine);
    expect(matcher.slot).toBe(six);
  });

  test("accepts IP options in front of a raw reply", () => {
    const { ledger, matcher, probe } = setUp();
    const reply = echoReply(ledger, probe(0));
    expect(matcher.judge(packet(ipv4(reply, 4), TARGET), RAW4)).toBe(JUDGEMENT.genuine);
    expect(matcher.judge(packet(ipv4(reply, 40), TARGET), RAW4)).toBe(JUDGEMENT.genuine);
  });

  test("ignores other types, other ids and packets without a header", () => {
    const { ledger, matcher, probe } = setUp();
    const slot = probe(0);
    for (const changes of [{ type: 8 }, { type: 3 }, { id: ID + 1 }]) {
      const reply = echoReply(ledger, slot, changes);
      expect(matcher.judge(packet(reply, TARGET), DGRAM4)).toBe(JUDGEMENT.ignored);
    }
    expect(matcher.judge(packet([0, 0, 0], TARGET), DGRAM4)).toBe(JUDGEMENT.ignored);
    expect(matcher.judge(packet([0x45, 0, 0], TARGET), RAW4)).toBe(JUDGEMENT.ignored);
    expect(matcher.judge(packet([], TARGET), RAW4)).toBe(JUDGEMENT.ignored);
  });

  test("the number after ours, or one of 65,536 before, is foreign", () => {
    const { ledger, matcher, probe } = setUp();
    const slot = probe(0);
    const number = ledger.number[slot] ?? 0;
    for (const other of [(number + 1) & 0xffff, (number + 256) & 0xffff]) {
      const reply = echoReply(ledger, slot, { number: other });
      expect(matcher.judge(packet(reply, TARGET), DGRAM4)).toBe(JUDGEMENT.foreign);
    }
  });

  test("a guessed reply with another token is foreign", () => {
    const { ledger, matcher, probe } = setUp();
    const reply = echoReply(ledger, probe(0));
    reply.splice(8, 8, 1, 2, 3, 4, 5, 6, 7, 8);
    expect(matcher.judge(packet(reply, TARGET), DGRAM4)).toBe(JUDGEMENT.foreign);
  });

  test("the right token from another address is mismatched", () => {
    const { ledger, matcher, probe } = setUp();
    const reply = echoReply(ledger, probe(0));
    expect(matcher.judge(packet(reply, [192, 0, 2, 2]), DGRAM4)).toBe(JUDGEMENT.mismatched);
    const reply6 = echoReply(ledger, probe(1), { type: 129 });
    const other = [...TARGET6.slice(0, 15), 2];
    expect(matcher.judge(packet(reply6, other), DGRAM6)).toBe(JUDGEMENT.mismatched);
  });

  test.each([8, 12, 16, 20, 27])("any flipped octet of the body (at %p) is corrupt", (at) => {
    const { ledger, matcher, probe } = setUp();
    const reply = echoReply(ledger, probe(0));
    reply[at] = (reply[at] ?? 0) ^ 0x40;
    expect(matcher.judge(packet(reply, TARGET), DGRAM4)).toBe(JUDGEMENT.corrupt);
  });

  test("a wrong checksum on a raw socket is corrupt; elsewhere the kernel checked it", () => {
    const { ledger, matcher, probe } = setUp();
    const reply = echoReply(ledger, probe(0));
    reply[2] = (reply[2] ?? 0) ^ 1;
    expect(matcher.judge(packet(ipv4(reply), TARGET), RAW4)).toBe(JUDGEMENT.corrupt);
    expect(matcher.judge(packet(reply, TARGET), DGRAM4)).toBe(JUDGEMENT.genuine);
  });

  test.each([8, 12, 15, 16, 20, 27])("a reply cut to %p octets is corrupt", (octets) => {
    const { ledger, matcher, probe } = setUp();
    const reply = echoReply(ledger, probe(0)).slice(0, octets);
    expect(matcher.judge(packet(reply, TARGET), DGRAM4)).toBe(JUDGEMENT.corrupt);
    expect(matcher.judge(packet(reply, [192, 0, 2, 9]), DGRAM4)).not.toBe(JUDGEMENT.corrupt);
  });

  test("a longer reply and one that the buffer cut are corrupt", () => {
    const { ledger, matcher, probe } = setUp();
    const reply = echoReply(ledger, probe(0));
    expect(matcher.judge(packet([...reply, 0], TARGET), DGRAM4)).toBe(JUDGEMENT.corrupt);
    const cut = packet(reply, TARGET);
    cut.isTruncated = true;
    expect(matcher.judge(cut, DGRAM4)).toBe(JUDGEMENT.corrupt);
  });

  test.each([8, 9, 15, 16, 17, 64, 1_400])("payloads of %p octets are verified whole", (size) => {
    const { ledger, matcher, probe } = setUp(size);
    const reply = echoReply(ledger, probe(0), { size });
    expect(matcher.judge(packet(ipv4(reply), TARGET), RAW4)).toBe(JUDGEMENT.genuine);
    const last = reply.length - 1;
    reply[last] = (reply[last] ?? 0) ^ 1;
    expect(matcher.judge(packet(reply, TARGET), DGRAM4)).toBe(JUDGEMENT.corrupt);
  });

  test("a UDP echo needs the right port too", () => {
    const { ledger, matcher, probe } = setUp();
    const slot = probe(2);
    const number = ledger.number[slot] ?? 0;
    const body = [0, 0, number >>> 8, number & 0xff, ...patternOf(20).subarray(12, 20)];
    const echo = [...token(ledger, slot), ...body];
    expect(matcher.judge(packet(echo, TARGET, 7), UDP4)).toBe(JUDGEMENT.genuine);
    expect(matcher.judge(packet(echo, TARGET, 8), UDP4)).toBe(JUDGEMENT.mismatched);
    for (const octets of [0, 1, 11]) {
      expect(matcher.judge(packet(echo.slice(0, octets), TARGET, 7), UDP4)).toBe(JUDGEMENT.foreign);
    }
    expect(matcher.judge(packet(echo.slice(0, 13), TARGET, 7), UDP4)).toBe(JUDGEMENT.corrupt);
  });

  test("an ended probe is still found, so that a duplicate can be told", () => {
    const { ledger, matcher, probe } = setUp();
    const slot = probe(0);
    ledger.state[slot] = SLOT.answered;
    expect(matcher.judge(packet(echoReply(ledger, slot), TARGET), DGRAM4)).toBe(JUDGEMENT.genuine);
  });
});

describe("Matcher.quoted()", () => {
  test("finds the probe of a whole and of an 8-octet quotation", () => {
    const { ledger, matcher, probe } = setUp();
    const slot = probe(0);
    const request = echoReply(ledger, slot, { type: 8 });
    expect(matcher.quoted(packet(request, TARGET), DGRAM4)).toBe(slot);
    expect(matcher.quoted(packet(request.slice(0, 8), TARGET), RAW4)).toBe(slot);
  });

  test("a quotation of somebody else's probe is none of ours", () => {
    const { ledger, matcher, probe } = setUp();
    const slot = probe(0);
    const request = echoReply(ledger, slot, { type: 8 });
    const otherId = echoReply(ledger, slot, { type: 8, id: ID ^ 1 });
    expect(matcher.quoted(packet(otherId, TARGET), RAW4)).toBe(-1);
    expect(matcher.quoted(packet(request, [192, 0, 2, 77]), RAW4)).toBe(-1);
    expect(matcher.quoted(packet(request.with(9, 1), TARGET), RAW4)).toBe(-1);
    expect(matcher.quoted(packet(request.slice(0, 7), TARGET), RAW4)).toBe(-1);
    expect(matcher.quoted(packet([], TARGET), RAW4)).toBe(-1);
  });

  test("a UDP quotation needs token and number", () => {
    const { ledger, matcher, probe } = setUp();
    const slot = probe(2);
    const payload = [...token(ledger, slot), 0, 0, ...halfOf(ledger.number[slot] ?? 0), 0, 0];
    expect(matcher.quoted(packet(payload, TARGET, 7), UDP4)).toBe(slot);
    expect(matcher.quoted(packet(payload.slice(0, 8), TARGET, 7), UDP4)).toBe(-1);
    expect(matcher.quoted(packet([], TARGET, 7), UDP4)).toBe(-1);
  });
});

function halfOf(number: number): number[] {
  return [swapHalf(number) & 0xff, swapHalf(number) >>> 8];
}
