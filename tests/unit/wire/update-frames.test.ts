import { describe, expect, test } from "bun:test";
import { decodeJson, FRAME, readHeader } from "../../../agent/wire/frame.ts";
import { encodeUpdate, readOrder, UPDATE_FRAME } from "../../../agent/wire/update-frames.ts";

describe("update frames", () => {
  test("have types of their own", () => {
    const others = new Set<number>(Object.values(FRAME));
    for (const type of Object.values(UPDATE_FRAME)) expect(others.has(type)).toBe(false);
  });

  test.each([
    { kind: "look" },
    { kind: "survey" },
    { kind: "install", answering: 3 },
    { kind: "roll-back", author: "ann" },
    { kind: "health", ready: true, answering: 0 },
    { kind: "noted", number: 7 },
  ] as const)("readOrder() reads what encodeUpdate() wrote: $kind", (order) => {
    const frame = encodeUpdate(UPDATE_FRAME.order, order);
    expect(readHeader(frame)?.type).toBe(UPDATE_FRAME.order);
    expect(readOrder(decodeJson(frame))).toEqual(order);
  });

  test("readOrder() knows no other order, and bounds what it is told", () => {
    for (const body of [null, undefined, 1, [], {}, { kind: "reboot" }]) {
      expect(readOrder(body)).toBeNull();
    }
    expect(readOrder({ kind: "install", answering: -1 })).toEqual({
      kind: "install",
      answering: 0,
    });
    expect(readOrder({ kind: "noted", number: "9" })).toEqual({ kind: "noted", number: 0 });
    const signed = readOrder({ kind: "roll-back", author: "x".repeat(500) });
    expect(signed?.kind === "roll-back" && signed.author.length).toBe(64);
  });

  test("encodeUpdate() throws RangeError for what no frame holds", () => {
    const order = { kind: "roll-back", author: "x".repeat(40_000) } as const;
    expect(() => encodeUpdate(UPDATE_FRAME.order, order)).toThrow(RangeError);
  });
});
