/** The walk over extensions and the flags a reflector sets. */

import { describe, expect, test } from "bun:test";
import type { StampPacket } from "../../../agent/wire/stamp.ts";
import {
  markTlvs,
  newTlv,
  nextTlvAt,
  paddedOctets,
  readTlv,
  TLV_FLAG,
  TLV_TYPE,
  writePaddingHeader,
} from "../../../agent/wire/stamp-tlv.ts";

/** `octets` behind an empty base packet. */
function packetOf(octets: readonly number[]): StampPacket {
  const bytes = Uint8Array.from([...new Uint8Array(44), ...octets]);
  return { view: new DataView(bytes.buffer), at: 0, octets: bytes.length };
}

const flagAt = (packet: StampPacket, at: number) => packet.view.getUint8(at);
const isPadding = ({ type }: { readonly type: number }) => type === TLV_TYPE.extraPadding;

describe("stamp-tlv", () => {
  test("readTlv() walks from one extension to the next and stops at the end", () => {
    const packet = packetOf([0x80, 1, 0, 2, 9, 9, 0x80, 4, 0, 0]);
    const tlv = newTlv();
    expect(readTlv(packet, 44, tlv)).toBe(true);
    expect(tlv).toEqual({ at: 44, flags: 0x80, type: 1, length: 2, isMalformed: false });
    expect(readTlv(packet, nextTlvAt(packet, tlv), tlv)).toBe(true);
    expect(tlv).toEqual({ at: 50, flags: 0x80, type: 4, length: 0, isMalformed: false });
    expect(readTlv(packet, nextTlvAt(packet, tlv), tlv)).toBe(false);
  });

  test("markTlvs() clears U on what it understood and sets it on what it did not", () => {
    const packet = packetOf([0x80, 1, 0, 0, 0, 77, 0, 1, 5]);
    expect(markTlvs(packet, 44, newTlv(), isPadding)).toBe(2);
    expect(flagAt(packet, 44)).toBe(0);
    expect(flagAt(packet, 48)).toBe(TLV_FLAG.unrecognized);
    expect(flagAt(packet, 52)).toBe(5);
  });

  const lengths = [
    { name: "as long as the packet", length: 3, want: 0 },
    { name: "one octet longer than the packet", length: 4, want: TLV_FLAG.malformed },
    { name: "of the largest length", length: 65_535, want: TLV_FLAG.malformed },
  ] as const;
  test.each(lengths)("markTlvs() of an extension $name", ({ length, want }) => {
    const packet = packetOf([0x80, 1, length >> 8, length & 0xff, 0, 0, 0]);
    expect(markTlvs(packet, 44, newTlv(), isPadding)).toBe(1);
    expect(flagAt(packet, 44)).toBe(want);
  });

  test("zeros behind the base packet are padding, not extensions, and stay zeros", () => {
    const packet = packetOf([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(markTlvs(packet, 44, newTlv(), isPadding)).toBe(0);
    expect(new Uint8Array(packet.view.buffer)).toEqual(new Uint8Array(52));
  });

  test.each([0, 1, 2, 3])("%p octets behind the base packet are no extension", (octets) => {
    expect(readTlv(packetOf(new Array<number>(octets).fill(0xff)), 44, newTlv())).toBe(false);
  });

  test.each([4, 5, 100])(
    "writePaddingHeader() of %p octets is read back as one extension",
    (octets) => {
      const packet = packetOf(new Array<number>(octets).fill(0xff));
      writePaddingHeader(packet.view, 44, octets);
      const tlv = newTlv();
      expect(readTlv(packet, 44, tlv)).toBe(true);
      expect(tlv.type).toBe(TLV_TYPE.extraPadding);
      expect(nextTlvAt(packet, tlv)).toBe(44 + octets);
    },
  );

  test("paddedOctets() leaves room for the header of the padding, or for none", () => {
    expect([0, 44, 45, 48, 49].map((size) => paddedOctets(44, size))).toEqual([44, 44, 48, 48, 49]);
  });
});
