/** The seal against node's own HMAC, and its refusal of any changed octet. */

import { describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { SEALED_FORM } from "../../../agent/wire/stamp.ts";
import { HMAC_AT, HMAC_OCTETS, StampSeal } from "../../../agent/wire/stamp-hmac.ts";

const KEY = new TextEncoder().encode("a shared secret");
const AT = 8;

function sealed(): Uint8Array {
  const bytes = Uint8Array.from({ length: AT + SEALED_FORM.octets }, (_, i) => (i * 7) & 0xff);
  new StampSeal(KEY).write(bytes, AT);
  return bytes;
}

describe("StampSeal", () => {
  test("write() puts HMAC-SHA-256 of the first 96 octets, cut to 128 bits, behind them", () => {
    const bytes = sealed();
    const mac = createHmac("sha256", KEY)
      .update(bytes.subarray(AT, AT + 96))
      .digest();
    expect(HMAC_AT).toBe(96);
    expect(bytes.subarray(AT + 96)).toEqual(Uint8Array.from(mac.subarray(0, HMAC_OCTETS)));
  });

  test("isRight() accepts its own seal, again and again, and refuses every changed octet", () => {
    const seal = new StampSeal(KEY);
    const bytes = sealed();
    expect([seal.isRight(bytes, AT), seal.isRight(bytes, AT)]).toEqual([true, true]);
    for (let i = AT; i < bytes.length; i++) {
      const changed = bytes.slice();
      changed[i] = (changed[i] ?? 0) ^ 1;
      expect([i, seal.isRight(changed, AT)]).toEqual([i, false]);
    }
  });

  test("isRight() refuses the seal of another key", () => {
    const other = new StampSeal(new TextEncoder().encode("another secret"));
    expect(other.isRight(sealed(), AT)).toBe(false);
  });
});
