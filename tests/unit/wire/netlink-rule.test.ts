import { describe, expect, test } from "bun:test";
import type { KernelRule } from "../../../agent/domain/kernel-net.ts";
import { splitMessages } from "../../../agent/wire/netlink.ts";
import {
  decodeRule,
  encodeRuleCreate,
  encodeRuleDelete,
  encodeRuleDump,
} from "../../../agent/wire/netlink-rule.ts";
import { bytesOf, ruleOf } from "../../support/kernel-values.ts";
import { golden, hexOf } from "../../support/netlink-golden.ts";

const fd11 = bytesOf(0xfd, 0x11, ...new Array<number>(13).fill(0), 2);

function sent(request: Uint8Array) {
  const [message] = splitMessages(request);
  if (message === undefined) throw new Error("no message");
  return message;
}

const rows: readonly [string, KernelRule][] = [
  ["the default policy", ruleOf()],
  ["a look into main without its defaults", ruleOf({ table: 254, suppressPrefixLen: 0 })],
  ["a device", ruleOf({ priority: 1005, oif: "wan0", table: 1001 })],
  ["an address", ruleOf({ family: 6, from: fd11, fromLen: 128, table: 1001 })],
  ["a prefix and an interface", ruleOf({ to: bytesOf(10, 7, 0, 0), toLen: 16, iif: "lan" })],
  ["a mark", ruleOf({ fwmark: 0x10, fwmask: 0xff })],
  ["a mark of 0 under a mask", ruleOf({ fwmark: 0, fwmask: 0xff00_0000 })],
];

describe("rules", () => {
  test.each(rows)("round trip: %s", (_, rule) => {
    const creation = sent(encodeRuleCreate(rule));
    // EXCL: without it the kernel would add the same rule a second time.
    expect(creation).toMatchObject({ type: 32, flags: 0x605 });
    expect(decodeRule(creation)).toEqual({ ...rule, flags: 0 });
    const removal = sent(encodeRuleDelete(rule));
    expect(removal).toMatchObject({ type: 33, flags: 5 });
    expect(decodeRule(removal)).toEqual({ ...rule, flags: 0 });
  });

  test("encodeRuleCreate() names the table by attribute only", () => {
    const rule = ruleOf({ priority: 1005, oif: "wan0", table: 1001 });
    expect(hexOf(encodeRuleCreate(rule).subarray(16))).toBe(
      "020000000000000100000000" +
        "08000600ed030000" + // priority 1005
        "08000f00e9030000" + // table 1001
        "0900110077616e3000000000" + // oif
        "050015009e000000", // protocol 158
    );
  });

  test("encodeRuleDump() asks for one family", () => {
    expect(sent(encodeRuleDump(6))).toMatchObject({ type: 34, flags: 0x301 });
  });
});

describe("decodeRule() reads what the kernel sent:", () => {
  test("a pair's first half", () => {
    const want = { priority: 1004, oif: "wan0", table: 254, suppressPrefixLen: 0, protocol: 158 };
    expect(decodeRule(golden("rule4-oif"))).toEqual({ ...ruleOf(want), flags: 0 });
  });

  test("selectors", () => {
    const selectors = { from: bytesOf(10, 7, 0, 0), fromLen: 16, iif: "lo" };
    const want = ruleOf({ priority: 31_000, ...selectors, fwmark: 16, fwmask: 255 });
    expect(decodeRule(golden("rule4-selectors"))).toEqual({ ...want, flags: 0 });
  });

  test("the kernel's own look into main, which suppresses nothing", () => {
    const want = { priority: 32_766, table: 254, suppressPrefixLen: null, protocol: 2 };
    expect(decodeRule(golden("rule4-main"))).toMatchObject(want);
  });

  test("an IPv6 address", () => {
    const want = { family: 6, from: fd11, fromLen: 128, table: 1001, priority: 1007 };
    expect(decodeRule(golden("rule6-from"))).toMatchObject(want);
  });

  test("nothing when it is cut short inside an attribute, or of another kind", () => {
    const rule = golden("rule4-main");
    expect(decodeRule({ ...rule, type: 24 })).toBeNull();
    for (const length of [0, 11, 13, 19, 21, 32, 37, rule.body.byteLength - 1]) {
      expect(decodeRule({ ...rule, body: rule.body.subarray(0, length) })).toBeNull();
    }
  });

  test("nothing when a prefix has a length and no address", () => {
    const rule = golden("rule4-main");
    for (const at of [1, 2]) {
      const body = rule.body.slice();
      body[at] = 8;
      expect(decodeRule({ ...rule, body })).toBeNull();
    }
  });
});
