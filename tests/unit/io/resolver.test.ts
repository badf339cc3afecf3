/** Zones of link-local addresses as the kernel numbers them. */

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { scopeIdOf } from "../../../agent/io/resolver.ts";

describe("scopeIdOf()", () => {
  test("is the index of the device, whatever addresses the device has", () => {
    const index = Number(readFileSync("/sys/class/net/lo/ifindex", "utf8"));
    expect(scopeIdOf("lo")).toBe(index);
  });

  test("is the number itself, and 0 without a zone or a device", () => {
    expect(scopeIdOf("12")).toBe(12);
    expect(scopeIdOf(null)).toBe(0);
    expect(scopeIdOf("pat-none0")).toBe(0);
  });
});
