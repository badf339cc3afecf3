/** Both packets against octets that scapy, stamp-suite and tshark agree on. */

import { describe, expect, test } from "bun:test";
import type { StampPacket, StampReply, StampRequest } from "../../../agent/wire/stamp.ts";
import {
  newReply,
  newRequest,
  OPEN_FORM,
  readReply,
  readRequest,
  SEALED_FORM,
  writeReply,
  writeRequest,
} from "../../../agent/wire/stamp.ts";

const REQUEST_HEX = `00000007 ee3f5a8080000000 8a05 1234 ${"00".repeat(28)}`;
const REPLY_HEX =
  "00000007 ee3f5a8080418937 8a05 1234 ee3f5a80802f1aa0 00000007 ee3f5a8080000000 8a05 0000 40 000000";

const REQUEST: StampRequest = {
  seq: 7,
  seconds: 0xee3f5a80,
  fraction: 0x80000000,
  estimate: 0x8a05,
  ssid: 0x1234,
};
const REPLY: StampReply = {
  ...REQUEST,
  fraction: 0x80418937,
  receiveSeconds: 0xee3f5a80,
  receiveFraction: 0x802f1aa0,
  senderSeq: 7,
  senderSeconds: 0xee3f5a80,
  senderFraction: 0x80000000,
  senderEstimate: 0x8a05,
  senderTtl: 64,
};

function octetsOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

function packetOf(bytes: Uint8Array, octets = bytes.length): StampPacket {
  return { view: new DataView(bytes.buffer, bytes.byteOffset), at: 0, octets };
}

/** An arena full of rubbish, with the packet to be written 8 octets into it. */
function arena(octets: number): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(octets + 16).fill(0xaa);
  return { bytes, view: new DataView(bytes.buffer) };
}

describe("stamp", () => {
  test("writeRequest() gives the golden sender packet and touches nothing around it", () => {
    const { bytes, view } = arena(44);
    writeRequest(view, 8, OPEN_FORM, REQUEST);
    expect(bytes.subarray(8, 52)).toEqual(octetsOf(REQUEST_HEX));
    expect([bytes[7], bytes[52]]).toEqual([0xaa, 0xaa]);
  });

  test("writeReply() gives the golden reflector packet", () => {
    const { bytes, view } = arena(44);
    writeReply(view, 8, OPEN_FORM, REPLY);
    expect(bytes.subarray(8, 52)).toEqual(octetsOf(REPLY_HEX));
  });

  test("readRequest() and readReply() read the golden packets", () => {
    const request = newRequest();
    expect(readRequest(packetOf(octetsOf(REQUEST_HEX)), OPEN_FORM, request)).toBe(true);
    expect(request).toEqual(REQUEST);
    const reply = newReply();
    expect(readReply(packetOf(octetsOf(REPLY_HEX)), OPEN_FORM, reply)).toBe(true);
    expect(reply).toEqual(REPLY);
  });

  test("the authenticated form puts every field where RFC 8762 4.2.2 and 4.3.2 say", () => {
    const { bytes, view } = arena(112);
    writeReply(view, 8, SEALED_FORM, REPLY);
    const want = new Uint8Array(112);
    want.set(octetsOf("00000007"), 0);
    want.set(octetsOf("ee3f5a8080418937 8a05 1234"), 16);
    want.set(octetsOf("ee3f5a80802f1aa0"), 32);
    want.set(octetsOf("00000007"), 48);
    want.set(octetsOf("ee3f5a8080000000 8a05"), 64);
    want.set([64], 80);
    expect(bytes.subarray(8, 120)).toEqual(want);
    const reply = newReply();
    expect(readReply(packetOf(want), SEALED_FORM, reply)).toBe(true);
    expect(reply).toEqual(REPLY);
    expect(readReply(packetOf(want, 111), SEALED_FORM, reply)).toBe(false);
  });

  test("readRequest() takes a TWAMP Light request of 14 octets, without an SSID", () => {
    const request = { ...newRequest(), ssid: 99 };
    expect(readRequest(packetOf(octetsOf(REQUEST_HEX), 13), OPEN_FORM, request)).toBe(false);
    expect(request.ssid).toBe(99);
    expect(readRequest(packetOf(octetsOf(REQUEST_HEX), 14), OPEN_FORM, request)).toBe(true);
    expect(request).toEqual({ ...REQUEST, ssid: 0 });
  });

  test("readReply() takes 41 octets and refuses 40", () => {
    const reply = newReply();
    expect(readReply(packetOf(octetsOf(REPLY_HEX), 40), OPEN_FORM, reply)).toBe(false);
    expect(reply).toEqual(newReply());
    expect(readReply(packetOf(octetsOf(REPLY_HEX), 41), OPEN_FORM, reply)).toBe(true);
    expect(reply.senderTtl).toBe(64);
  });

  test("rubbish in the fields that must be zero is not looked at", () => {
    const octets = octetsOf(REPLY_HEX);
    octets.fill(0xff, 38, 40);
    octets.fill(0xff, 41, 44);
    const reply = newReply();
    expect(readReply(packetOf(octets), OPEN_FORM, reply)).toBe(true);
    expect(reply).toEqual(REPLY);
  });
});
