import { describe, expect, test } from "bun:test";
import { dataCostPerMonth } from "../../../agent/config/data-cost.ts";
import { HEALTH, PROBE, pathConfig } from "../../support/configs.ts";

describe("dataCostPerMonth()", () => {
  test("counts both directions with IP and ICMP headers", () => {
    // One probe per 2 s: 1,296,000 a month of 2 * (20 + 8 + 16) octets.
    expect(dataCostPerMonth(pathConfig("a", ["192.0.2.1"]))).toBe(1_296_000 * 88);
  });

  test("counts the larger header for IPv6, and for a name that may be IPv6", () => {
    const probes = 1_296_000;
    expect(dataCostPerMonth(pathConfig("a", ["2001:db8::1"]))).toBe(probes * 2 * 64);
    expect(dataCostPerMonth(pathConfig("a", ["a.example"]))).toBe(probes * 2 * 64);
    const ipv4: typeof PROBE = { ...PROBE, family: "ipv4" };
    const targets = [{ host: "a.example", probe: ipv4 }];
    expect(dataCostPerMonth({ ...pathConfig("a", []), targets })).toBe(probes * 2 * 44);
  });

  test("adds up the targets and follows the pace", () => {
    const health = { ...HEALTH, check_interval_secs: 30, probes_per_check: 1 };
    const path = { ...pathConfig("a", ["192.0.2.1", "192.0.2.2"]), health };
    expect(dataCostPerMonth(path)).toBe(86_400 * 2 * 88);
  });
});
