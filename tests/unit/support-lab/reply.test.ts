import { describe, expect, test } from "bun:test";
import type { Behaviour } from "../../support/lab/behaviour.ts";
import type { Packet } from "../../support/lab/packet.ts";
import { buildPacket, PROTOCOL, parsePacket } from "../../support/lab/packet.ts";
import { ROUTER, replyPacket, STRANGER, seqOf } from "../../support/lab/reply.ts";

const A4 = Uint8Array.of(10, 99, 0, 1);
const B4 = Uint8Array.of(10, 99, 0, 2);
const A6 = Uint8Array.of(0xfd, 0x99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
const B6 = Uint8Array.of(0xfd, 0x99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2);
const PAYLOAD = [1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 9, 10, 11];

function parsed(raw: Uint8Array): Packet {
  const packet = parsePacket(raw);
  if (packet === null) throw new Error("not a packet");
  return packet;
}

function request(source: Uint8Array, target: Uint8Array, protocol: number, head: number[]): Packet {
  return parsed(buildPacket({ source, target, protocol }, Uint8Array.of(...head, ...PAYLOAD)));
}

const PING = request(A4, B4, PROTOCOL.icmp, [8, 0, 0, 0, 0x12, 0x34, 0, 9]);
const PING6 = request(A6, B6, PROTOCOL.icmp6, [128, 0, 0, 0, 0x12, 0x34, 0, 9]);
const DATAGRAM = request(A4, B4, PROTOCOL.udp, [0x30, 0x39, 0, 7, 0, 22, 0, 0]);

function reply(to: Packet, behaviour: Behaviour): Packet {
  return parsed(replyPacket(to, behaviour));
}

/** The body without its checksum. */
function bodyOf({ body, protocol }: Packet): number[] {
  const at = protocol === PROTOCOL.udp ? 6 : 2;
  return [...body.subarray(0, at), ...body.subarray(at + 2)];
}

describe("replyPacket: ICMP", () => {
  test("replyPacket() swaps the addresses and keeps id, seq and payload", () => {
    for (const [to, type] of [
      [PING, 0],
      [PING6, 129],
    ] as const) {
      const answer = reply(to, {});
      expect([answer.source, answer.target]).toEqual([to.target, to.source]);
      expect(bodyOf(answer)).toEqual([type, 0, 0x12, 0x34, 0, 9, ...PAYLOAD]);
    }
  });

  test("replyPacket() changes just what the fault says", () => {
    const body = (behaviour: Behaviour) => bodyOf(reply(PING, behaviour));
    const good = body({});
    expect(body({ fault: { kind: "wrong-id" } })).toEqual(good.with(3, 0x35));
    expect(body({ fault: { kind: "wrong-seq" } })).toEqual(good.with(5, 10));
    expect(body({ fault: { kind: "flip" } })).toEqual(good.with(-1, 11 ^ 0xff));
    expect(body({ fault: { kind: "mirror" } })).toEqual(bodyOf(PING));
    expect(body({ fault: { kind: "truncate", octets: 8 } })).toEqual(good.slice(0, 6));
    expect(reply(PING, { fault: { kind: "other-source" } }).source).toEqual(STRANGER[4]);
  });

  test("replyPacket() puts options before the message in both families", () => {
    const four = reply(PING, { fault: { kind: "ip-options" } });
    expect([four.raw[0], bodyOf(four)]).toEqual([0x46, bodyOf(reply(PING, {}))]);
    const six = reply(PING6, { fault: { kind: "ip-options" } });
    expect([six.protocol, six.body[0]]).toEqual([60, PROTOCOL.icmp6]);
    expect(six.body.subarray(8)).toEqual(reply(PING6, {}).body);
  });

  test("replyPacket() reports unreachable from the router, but a port from the target", () => {
    const error = (to: Packet, code: number) => reply(to, { error: { kind: "unreachable", code } });
    const host = error(PING, 1);
    expect([host.body[0], host.body[1], host.source]).toEqual([3, 1, ROUTER[4]]);
    expect(host.body.subarray(8)).toEqual(PING.raw);
    expect(error(PING, 3).source).toEqual(B4);
    const six = error(PING6, 0);
    expect([six.body[0], six.body[1], six.source]).toEqual([1, 0, ROUTER[6]]);
    expect(error(PING6, 4).source).toEqual(B6);
  });

  test("replyPacket() reports an exceeded TTL with the type of the family", () => {
    const error = { error: { kind: "ttl-exceeded", quotedOctets: 8 } } as const;
    expect(reply(PING, error).body[0]).toBe(11);
    expect(reply(PING6, error).body[0]).toBe(3);
    expect(reply(PING6, error).body.byteLength).toBe(8 + 40 + 8);
  });
});

describe("replyPacket: UDP", () => {
  test("replyPacket() swaps the ports and echoes the payload", () => {
    expect(bodyOf(reply(DATAGRAM, {}))).toEqual([0, 7, 0x30, 0x39, 0, 22, ...PAYLOAD]);
  });

  test("replyPacket() cuts the payload to the octets asked for", () => {
    const cut = reply(DATAGRAM, { fault: { kind: "truncate", octets: 3 } });
    expect(bodyOf(cut)).toEqual([0, 7, 0x30, 0x39, 0, 11, 1, 2, 3]);
  });

  test("replyPacket() changes the port for wrong-id and the number for wrong-seq", () => {
    const good = bodyOf(reply(DATAGRAM, {}));
    const body = (behaviour: Behaviour) => bodyOf(reply(DATAGRAM, behaviour));
    expect(body({ fault: { kind: "wrong-id" } })).toEqual(good.with(1, 8));
    expect(body({ fault: { kind: "wrong-seq" } })).toEqual(good.with(6 + 11, 10));
  });

  test("replyPacket() answers for a closed port as the target", () => {
    const error = reply(DATAGRAM, { udp: "closed" });
    expect([error.body[0], error.body[1], error.source]).toEqual([3, 3, B4]);
  });
});

describe("seqOf", () => {
  test("seqOf() is the number of the probe in every protocol", () => {
    expect([seqOf(PING), seqOf(PING6), seqOf(DATAGRAM)]).toEqual([9, 9, 9]);
  });
});
