/**
 * Fuzz: whatever arrives, no parser throws, and nothing that differs from a genuine reply in one
 * bit passes for one. FULL=1 runs longer.
 */

import { describe, expect, test } from "bun:test";
import { parseListen } from "../../agent/io/http/listen.ts";
import { chooseFormat } from "../../agent/io/http/metrics/negotiation.ts";
import type { FrameHeader } from "../../agent/wire/frame.ts";
import {
  decodeJson,
  decodeTable,
  encodeTable,
  readHeader,
  TABLE_SIZE,
} from "../../agent/wire/frame.ts";
import { patternOf } from "../../agent/wire/probe-payload.ts";
import { sockaddrOf } from "../../agent/wire/sockaddr.ts";
import { Ledger } from "../../agent/worker/ledger.ts";
import type { Packet, PacketKind } from "../../agent/worker/matcher.ts";
import { JUDGEMENT, Matcher } from "../../agent/worker/matcher.ts";
import { SeriesTable } from "../../agent/worker/series-table.ts";
import { TableAssembly } from "../../agent/worker/table-assembly.ts";
import { fc } from "../support/property.ts";
import { icmpRow } from "../support/table-rows.ts";

const numRuns = process.env["FULL"] === "1" ? 200_000 : 2_000;
const TARGET = [192, 0, 2, 1];
const ID = 0x1234;
const SIZE = 20;
const PACKET_AT = 64;
const NAME_AT = 2_048;
const KINDS: readonly PacketKind[] = [
  { family: 4, isUdp: false, isRaw4: false, id: ID },
  { family: 4, isUdp: false, isRaw4: true, id: ID },
  { family: 6, isUdp: false, isRaw4: false, id: ID },
  { family: 4, isUdp: true, isRaw4: false, id: 0 },
];

const ledger = new Ledger(256, () => 0x0a0b_0c0d);
const matcher = new Matcher(ledger, new SeriesTable([icmpRow(TARGET, { size: SIZE })]));
const slot = ledger.next();
ledger.open(slot, 0, 0);

function packetOf(octets: Uint8Array, octetCount = octets.length): Packet {
  const bytes = new Uint8Array(4_096);
  bytes.set(octets.subarray(0, 1_500), PACKET_AT);
  const endpoint = { family: 4 as const, address: Uint8Array.from(TARGET), port: 0, scopeId: 0 };
  bytes.set(sockaddrOf(endpoint), NAME_AT);
  const views = { halves: new Uint16Array(bytes.buffer), words: new Int32Array(bytes.buffer) };
  return {
    bytes,
    ...views,
    at: PACKET_AT,
    octets: octetCount,
    nameAt: NAME_AT,
    isTruncated: false,
  };
}

/** What an honest host sends back to the probe in `slot`, from a datagram socket. */
function genuineReply(): Uint8Array {
  const number = ledger.number[slot] ?? 0;
  const token = Int32Array.from([ledger.tokenA[slot] ?? 0, ledger.tokenB[slot] ?? 0]);
  const head = [0, 0, 0, 0, ID >>> 8, ID & 0xff, number >>> 8, number & 0xff];
  return Uint8Array.of(
    ...head,
    ...new Uint8Array(token.buffer),
    ...patternOf(SIZE).subarray(8, SIZE),
  );
}

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });

describe("Matcher", () => {
  test("judge() and quoted() take any octets of any length", () => {
    fc.assert(
      fc.property(bytes(200), fc.constantFrom(...KINDS), (octets, kind) => {
        expect(matcher.judge(packetOf(octets), kind)).not.toBe(JUDGEMENT.genuine);
        expect(matcher.quoted(packetOf(octets), kind)).toBeGreaterThanOrEqual(-1);
      }),
      { numRuns },
    );
  });

  test("judge() accepts the genuine reply, and none with one bit changed", () => {
    const genuine = genuineReply();
    const kind = KINDS[0];
    if (kind === undefined) throw new Error("no kind");
    expect(matcher.judge(packetOf(genuine), kind)).toBe(JUDGEMENT.genuine);
    // Code and checksum are the kernel's to verify on a datagram socket.
    const verified = Array.from({ length: genuine.length }, (_, i) => i).filter(
      (i) => i < 1 || i > 3,
    );
    for (const at of verified) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = genuine.slice();
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        expect([at, bit, matcher.judge(packetOf(changed), kind)]).not.toEqual([
          at,
          bit,
          JUDGEMENT.genuine,
        ]);
      }
    }
  });

  test("judge() accepts no reply that is cut anywhere", () => {
    const genuine = genuineReply();
    const kind = KINDS[0];
    if (kind === undefined) throw new Error("no kind");
    for (let length = 0; length < genuine.length; length++) {
      expect(matcher.judge(packetOf(genuine, length), kind)).not.toBe(JUDGEMENT.genuine);
    }
  });
});

describe("frames", () => {
  const [table = new Uint8Array()] = encodeTable(1, 1, [
    icmpRow(TARGET, { size: SIZE }),
    icmpRow(TARGET, { size: SIZE }),
  ]);

  function take(frame: Uint8Array): void {
    const header = readHeader(frame);
    if (header === null) return;
    decodeJson(frame);
    const rows = decodeTable(frame, header);
    if (rows !== null) expect(rows.length * TABLE_SIZE).toBeLessThan(frame.byteLength);
    new TableAssembly().take(frame, header);
  }

  test("any octets are refused or read, never a throw", () => {
    fc.assert(fc.property(bytes(400), take), { numRuns });
  });

  test("a table with octets changed is refused or read, never a throw", () => {
    const changes = fc.array(fc.tuple(fc.nat(table.length - 1), fc.nat(255)), { maxLength: 8 });
    fc.assert(
      fc.property(changes, fc.nat(table.length), (list, length) => {
        const frame = table.slice(0, length);
        for (const [at, value] of list) if (at < length) frame[at] = value;
        take(frame);
      }),
      { numRuns },
    );
  });

  test("TableAssembly.take() gives a table only when all parts of one epoch are there", () => {
    const assembly = new TableAssembly();
    const header = readHeader(table);
    if (header === null) throw new Error("not a frame");
    const part = (n: number, aux: number): FrameHeader => ({ ...header, aux, aux2: n | (2 << 16) });
    expect(assembly.take(table, part(0, 1))).toBeNull();
    expect(assembly.take(table, part(1, 2))).toBeNull();
    expect(assembly.take(table, part(0, 2))?.rows.length).toBe(4);
  });
});

describe("text from outside", () => {
  test("parseListen() and chooseFormat() take any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        parseListen(text);
        chooseFormat(text);
      }),
      { numRuns },
    );
  });
});
