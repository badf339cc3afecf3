/** The reflector's answer, octet by octet. */

import { describe, expect, test } from "bun:test";
import { NTP_UNIX_SECONDS, usOfNtp } from "../../../../agent/wire/ntp-time.ts";
import { OPEN_FORM, SEALED_FORM } from "../../../../agent/wire/stamp.ts";
import { StampSeal } from "../../../../agent/wire/stamp-hmac.ts";
import { Reflection } from "../../../../agent/worker/reflector/reflection.ts";
import { replyFields, requestOctets, T1 } from "../../../support/stamp-packets.ts";

const BASE = T1.seconds - NTP_UNIX_SECONDS;
/** T2 and T3 of the reference vector, us after the base; half a unit more against rounding. */
const RECEIVED_US = usOfNtp(0x802f_1aa0) + usOfNtp(1) / 2;
const SENT_US = usOfNtp(0x8041_8937) + usOfNtp(1) / 2;
const ESTIMATE = 0x8a05;
const KEY = new TextEncoder().encode("a key of 19 octets!");
/** Where the packet lies in memory: not at the start. */
const AT = 64;

interface Answer {
  readonly judgement: string;
  readonly reply: Uint8Array;
}

interface Circumstances {
  readonly key?: Uint8Array | null;
  readonly hopLimit?: number;
  readonly seq?: number;
  readonly mayBeReply?: boolean;
}

function answer(request: Uint8Array, circumstances: Circumstances = {}): Answer {
  const { key = null, hopLimit = 64, seq, mayBeReply = false } = circumstances;
  const memory = new Uint8Array(1_024).fill(0xee);
  memory.set(request, AT);
  const reflection = new Reflection({ memory, baseSeconds: BASE, key });
  const judgement = reflection.judge(AT, request.byteLength, mayBeReply);
  if (judgement === "reflected") {
    const arrival = { receivedUs: RECEIVED_US, hopLimit, estimate: ESTIMATE };
    reflection.write(arrival, seq ?? reflection.request.seq);
    reflection.finish(AT, SENT_US);
  }
  return { judgement, reply: memory.slice(AT, AT + request.byteLength) };
}

describe("Reflection of unauthenticated packets", () => {
  test("answers the reference request with the reference reply", () => {
    const request = `00000007ee3f5a80800000008a051234${"00".repeat(28)}`;
    const reply =
      "00000007ee3f5a80804189378a051234ee3f5a80802f1aa0" +
      "00000007ee3f5a80800000008a05000040000000";
    expect(answer(Uint8Array.fromHex(request)).reply.toHex()).toBe(reply);
  });

  test("copies the number when stateless, gives its own when stateful", () => {
    expect(replyFields(answer(requestOctets({ seq: 0xffff_ffff })).reply)).toMatchObject({
      seq: 0xffff_ffff,
      senderSeq: 0xffff_ffff,
    });
    expect(replyFields(answer(requestOctets({ seq: 9 }), { seq: 3 }).reply)).toMatchObject({
      seq: 3,
      senderSeq: 9,
    });
  });

  test("says 255 when the hop limit is not known", () => {
    expect(replyFields(answer(requestOctets(), { hopLimit: -1 }).reply).senderTtl).toBe(255);
    expect(replyFields(answer(requestOctets(), { hopLimit: 0 }).reply).senderTtl).toBe(0);
  });

  test("ignores what must be zero in a request and writes zero", () => {
    const request = requestOctets();
    request.fill(0xa5, 16, 44);
    const { judgement, reply } = answer(request);
    expect(judgement).toBe("reflected");
    expect([...reply.subarray(38, 40), ...reply.subarray(41, 44)]).toEqual([0, 0, 0, 0, 0]);
  });

  test.each([14, 15, 16, 23, 24, 27, 28, 41, 43])(
    "answers a TWAMP Light request of %p octets with the front of the layout, no octet more",
    (octets) => {
      const whole = answer(requestOctets({ ssid: octets < 16 ? 0 : 0x1234 })).reply;
      const { judgement, reply } = answer(requestOctets().subarray(0, octets));
      expect(judgement).toBe("reflected");
      expect(reply.byteLength).toBe(octets);
      expect(reply.toHex()).toBe(whole.subarray(0, octets).toHex());
    },
  );

  test.each([0, 1, 13])("drops %p octets", (octets) => {
    expect(answer(requestOctets().subarray(0, octets)).judgement).toBe("malformed");
  });

  test("a request from a reflector's port is answered, a reply from there is not", () => {
    const request = requestOctets();
    const reply = answer(request).reply;
    expect(answer(request, { mayBeReply: true }).judgement).toBe("reflected");
    expect(answer(reply, { mayBeReply: true }).judgement).toBe("malformed");
    expect(answer(reply.subarray(0, 23), { mayBeReply: true }).judgement).toBe("malformed");
    expect(answer(request.subarray(0, 24), { mayBeReply: true }).judgement).toBe("reflected");
    expect(answer(reply).judgement).toBe("reflected");
  });
});

describe("Reflection of TLVs", () => {
  const tailOf = (tail: readonly number[]) => [
    ...answer(requestOctets({ tail })).reply.subarray(OPEN_FORM.octets),
  ];

  test("clears U of extra padding, keeps U of what it does not know", () => {
    const padding = [0x80, 1, 0, 4, 1, 2, 3, 4];
    const unknown = [0x80, 200, 0, 2, 9, 9];
    expect(tailOf([...padding, ...unknown])).toEqual([0, 1, 0, 4, 1, 2, 3, 4, ...unknown]);
  });

  test("sets U also where the sender did not", () => {
    expect(tailOf([0, 200, 0, 0])).toEqual([0x80, 200, 0, 0]);
  });

  test("sets M on a TLV longer than the packet, and leaves the rest alone", () => {
    expect(tailOf([0x80, 1, 0, 5, 1, 2, 3, 4])).toEqual([0x40, 1, 0, 5, 1, 2, 3, 4]);
    expect(tailOf([0x80, 1, 0xff, 0xff])).toEqual([0x40, 1, 0xff, 0xff]);
    expect(tailOf([0x80, 1, 0, 0, 0x80, 200])).toEqual([0, 1, 0, 0, 0x80, 200]);
  });

  test("leaves padding of zeros as it is", () => {
    expect(tailOf(new Array<number>(100).fill(0))).toEqual(new Array<number>(100).fill(0));
  });
});

describe("Reflection of authenticated packets", () => {
  const sealed = requestOctets({ form: SEALED_FORM, key: KEY });

  test("answers with the fields in their places and an HMAC that is right", () => {
    const { judgement, reply } = answer(sealed, { key: KEY });
    expect(judgement).toBe("reflected");
    expect(replyFields(reply, SEALED_FORM)).toMatchObject({
      seq: 7,
      seconds: T1.seconds,
      fraction: 0x8041_8937,
      estimate: ESTIMATE,
      ssid: 0x1234,
      receiveFraction: 0x802f_1aa0,
      senderSeq: 7,
      senderFraction: T1.fraction,
      senderTtl: 64,
    });
    expect(new StampSeal(KEY).isRight(reply, 0)).toBe(true);
    expect(reply.byteLength).toBe(112);
  });

  test.each([0, 4, 23, 95, 96, 111])("drops a packet with octet %p changed", (at) => {
    const changed = sealed.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(answer(changed, { key: KEY }).judgement).toBe("unauthenticated");
  });

  test("drops the right packet under another key", () => {
    const key = new TextEncoder().encode("another key altogether");
    expect(answer(sealed, { key }).judgement).toBe("unauthenticated");
  });

  test("drops unauthenticated packets, short ones too", () => {
    expect(answer(requestOctets(), { key: KEY }).judgement).toBe("unauthenticated");
    expect(answer(sealed.subarray(0, 111), { key: KEY }).judgement).toBe("unauthenticated");
    expect(answer(requestOctets().subarray(0, 13), { key: KEY }).judgement).toBe("malformed");
  });

  test("does not answer a reply from a reflector's port", () => {
    const { reply } = answer(sealed, { key: KEY });
    expect(answer(reply, { key: KEY, mayBeReply: true }).judgement).toBe("malformed");
    expect(answer(sealed, { key: KEY, mayBeReply: true }).judgement).toBe("reflected");
  });
});
