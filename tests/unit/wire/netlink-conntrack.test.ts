import { describe, expect, test } from "bun:test";
import { splitMessages } from "../../../agent/wire/netlink.ts";
import {
  decodeFlow,
  encodeConntrackStats,
  encodeFlowDelete,
  encodeFlowDelete4,
  encodeFlowDump,
} from "../../../agent/wire/netlink-conntrack.ts";
import { bytesOf } from "../../support/kernel-values.ts";
import { golden, hexOf } from "../../support/netlink-golden.ts";

describe("conntrack", () => {
  test("encodeFlowDelete4() filters by the reply destination alone", () => {
    const request = encodeFlowDelete4(bytesOf(10, 1, 0, 2));
    expect(splitMessages(request)[0]).toMatchObject({ type: 258, flags: 5 });
    expect(hexOf(request.subarray(16))).toBe(
      "02000000" +
        "10000280" + // reply tuple
        "0c000180" + // addresses
        "080002000a010002" +
        "0c001980" + // filter
        "0800020002000000",
    );
  });

  test("decodeFlow() reads both directions", () => {
    expect(decodeFlow(golden("flow4"))).toMatchObject({
      family: 4,
      protocol: 1,
      origSource: bytesOf(10, 1, 0, 2),
      origDestination: bytesOf(192, 0, 2, 9),
      replySource: bytesOf(192, 0, 2, 9),
      replyDestination: bytesOf(10, 1, 0, 2),
    });
  });

  test("encodeFlowDelete() names the entry by its tuple and id, as the kernel wrote them", () => {
    const message = golden("flow4");
    const flow = decodeFlow(message);
    if (flow === null) throw new Error("no flow");
    const request = encodeFlowDelete(flow);
    expect(splitMessages(request)[0]).toMatchObject({ type: 258, flags: 5 });
    const body = hexOf(request.subarray(16));
    expect(body).toStartWith(`02000000${hexOf(message.body.subarray(4, 64))}`);
    expect(body).toContain("08000c00");
    expect(body).toHaveLength(2 * (4 + 60 + 8));
  });

  test("decodeFlow() is null for a flow cut short or of another family", () => {
    const message = golden("flow4");
    for (const length of [0, 4, 64, 100]) {
      expect(decodeFlow({ ...message, body: message.body.subarray(0, length) })).toBeNull();
    }
    const body = message.body.slice();
    body[0] = 10;
    expect(decodeFlow({ ...message, body })).toBeNull();
    expect(decodeFlow({ ...message, type: 258 })).toBeNull();
  });

  test("the dump is of one family, the question for statistics of none", () => {
    expect(splitMessages(encodeFlowDump(6))[0]).toMatchObject({ type: 257, flags: 0x301 });
    expect(hexOf(encodeFlowDump(6).subarray(16))).toBe("0a000000");
    expect(splitMessages(encodeConntrackStats())[0]).toMatchObject({ type: 261, flags: 5 });
  });
});
