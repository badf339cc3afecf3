import { describe, expect, test } from "bun:test";
import { parseAddress } from "../../../agent/domain/address.ts";
import type { Packet } from "../../support/lab/packet.ts";
import {
  buildIcmpError,
  buildPacket,
  isEchoRequest,
  isUdp,
  PROTOCOL,
  parsePacket,
} from "../../support/lab/packet.ts";

function octetsOf(address: string): Uint8Array {
  return parseAddress(address)?.bytes ?? new Uint8Array(0);
}

function parsed(raw: Uint8Array): Packet {
  const packet = parsePacket(raw);
  if (packet === null) throw new Error("not a packet");
  return packet;
}

/** The one's complement sum over big-endian words, written apart from the module under test. */
function plainSum(...parts: readonly Uint8Array[]): number {
  let sum = 0;
  for (const part of parts) {
    for (let i = 0; i < part.byteLength; i += 2) {
      sum += (part[i] ?? 0) * 256 + (part[i + 1] ?? 0);
    }
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return sum;
}

const A4 = octetsOf("10.99.0.1");
const B4 = octetsOf("10.99.0.2");
const A6 = octetsOf("fd99::1");
const B6 = octetsOf("fd99::2");
const ECHO = Uint8Array.of(8, 0, 0, 0, 0x12, 0x34, 0, 7, 1, 2, 3, 4, 5);
const ECHO6 = Uint8Array.of(128, 0, 0, 0, 0x12, 0x34, 0, 7, 1, 2, 3, 4, 5);
const DATAGRAM = Uint8Array.of(0x30, 0x39, 0, 7, 0, 11, 0, 0, 0x61, 0x62, 0x63);

describe("buildPacket and parsePacket", () => {
  test("buildPacket() makes an ICMP packet whose header and message sum to all ones", () => {
    const raw = buildPacket({ source: A4, target: B4, protocol: PROTOCOL.icmp }, ECHO);
    expect(raw.byteLength).toBe(33);
    expect(plainSum(raw.subarray(0, 20))).toBe(0xffff);
    expect(plainSum(raw.subarray(20))).toBe(0xffff);
  });

  for (const [name, source, target, protocol, body] of [
    ["ICMPv6", A6, B6, PROTOCOL.icmp6, ECHO6],
    ["UDP over IPv4", A4, B4, PROTOCOL.udp, DATAGRAM],
    ["UDP over IPv6", A6, B6, PROTOCOL.udp, DATAGRAM],
  ] as const) {
    test(`buildPacket() includes the pseudo header in the checksum of ${name}`, () => {
      const packet = parsed(buildPacket({ source, target, protocol }, body));
      const pseudo = Uint8Array.of(0, protocol, 0, body.byteLength);
      expect(plainSum(source, target, pseudo, packet.body)).toBe(0xffff);
    });
  }

  test("buildPacket() leaves the message as it is but for the checksum", () => {
    const packet = parsed(
      buildPacket({ source: A4, target: B4, protocol: PROTOCOL.icmp, options: true }, ECHO),
    );
    expect(packet.raw[0]).toBe(0x46);
    expect(plainSum(packet.raw.subarray(0, 24))).toBe(0xffff);
    expect([packet.source, packet.target, packet.ttl]).toEqual([A4, B4, 64]);
    expect([...packet.body.subarray(4)]).toEqual([...ECHO.subarray(4)]);
    expect(isEchoRequest(packet)).toBe(true);
  });

  test("buildPacket() makes exactly one bit wrong for badChecksum", () => {
    const envelope = { source: A4, target: B4, protocol: PROTOCOL.icmp };
    const good = buildPacket(envelope, ECHO);
    const bad = buildPacket({ ...envelope, badChecksum: true }, ECHO);
    const different = good.map((octet, i) => octet ^ (bad[i] ?? 0)).filter((bits) => bits !== 0);
    expect([...different]).toEqual([1]);
  });

  test("parsePacket() refuses what is cut, no IP, or a later fragment", () => {
    const raw = buildPacket({ source: A4, target: B4, protocol: PROTOCOL.icmp }, ECHO);
    expect(parsePacket(raw.subarray(0, 32))).toBeNull();
    expect(parsePacket(new Uint8Array(0))).toBeNull();
    expect(parsePacket(Uint8Array.of(0x50, ...raw.subarray(1)))).toBeNull();
    const fragment = raw.slice();
    fragment[7] = 1;
    expect(parsePacket(fragment)).toBeNull();
    const six = buildPacket({ source: A6, target: B6, protocol: PROTOCOL.icmp6 }, ECHO6);
    expect(parsePacket(six.subarray(0, six.byteLength - 1))).toBeNull();
  });

  test("isEchoRequest() and isUdp() want a whole header", () => {
    const short = buildPacket(
      { source: A4, target: B4, protocol: PROTOCOL.icmp },
      ECHO.subarray(0, 7),
    );
    expect(isEchoRequest(parsed(short))).toBe(false);
    const udp = buildPacket({ source: A4, target: B4, protocol: PROTOCOL.udp }, DATAGRAM);
    expect([isUdp(parsed(udp)), isEchoRequest(parsed(udp))]).toEqual([true, false]);
  });
});

describe("buildIcmpError", () => {
  const request = parsed(buildPacket({ source: A4, target: B4, protocol: PROTOCOL.icmp }, ECHO));

  test("buildIcmpError() goes to the sender and quotes the request", () => {
    const from = octetsOf("10.99.255.254");
    const error = parsed(buildIcmpError(request, { type: 3, code: 1, from, quotedOctets: null }));
    expect([error.source, error.target]).toEqual([from, A4]);
    expect([error.body[0], error.body[1]]).toEqual([3, 1]);
    expect(error.body.subarray(8)).toEqual(request.raw);
    expect(plainSum(error.body)).toBe(0xffff);
  });

  test("buildIcmpError() quotes as many octets behind the IP header as asked", () => {
    const error = parsed(buildIcmpError(request, { type: 11, code: 0, from: B4, quotedOctets: 8 }));
    expect(error.body.byteLength).toBe(8 + 20 + 8);
  });

  test("buildIcmpError() stays within 576 octets over IPv4 and 1280 over IPv6", () => {
    const large = new Uint8Array(1400);
    large[0] = 8;
    const four = parsed(buildPacket({ source: A4, target: B4, protocol: PROTOCOL.icmp }, large));
    const six = parsed(buildPacket({ source: A6, target: B6, protocol: PROTOCOL.icmp6 }, large));
    const error = { type: 1, code: 0, quotedOctets: null };
    expect(buildIcmpError(four, { ...error, from: B4 }).byteLength).toBe(576);
    expect(buildIcmpError(six, { ...error, from: B6 }).byteLength).toBe(1280);
  });
});
