import { describe, expect, test } from "bun:test";
import { gatewaySources, routedSelectors } from "../../../agent/routing/plan.ts";
import { bytes, policy, selector } from "../../support/routing.ts";

describe("gatewaySources()", () => {
  const auto = { kind: "auto" } as const;

  test("gives a fixed address to its own family and learns the other", () => {
    const v4 = { kind: "fixed", address: bytes("10.1.0.1") } as const;
    const v6 = { kind: "fixed", address: bytes("fe80::1") } as const;
    expect(gatewaySources("10.1.0.1")).toEqual({ 4: v4, 6: auto });
    expect(gatewaySources("fe80::1%wan0")).toEqual({ 4: auto, 6: v6 });
  });

  test("takes auto and none for both, and throws on anything else", () => {
    expect(gatewaySources("auto")).toEqual({ 4: auto, 6: auto });
    expect(gatewaySources("none")).toEqual({ 4: { kind: "none" }, 6: { kind: "none" } });
    expect(() => gatewaySources("router")).toThrow("invariant");
  });
});

describe("routedSelectors()", () => {
  const all = selector({ to: "default" });
  const source = selector({ from: "2001:db8::/32" });

  test("moves IPv6 only where a source is named or translation is asserted", () => {
    const selectors = [all, source];
    expect(routedSelectors(policy({ selectors, ipv6: "report" }), 6)).toEqual([source]);
    expect(routedSelectors(policy({ selectors, ipv6: "nat" }), 6)).toEqual([all, source]);
    expect(routedSelectors(policy({ selectors, ipv6: "report" }), 4)).toEqual([all]);
  });

  test("is empty for a policy that is switched off", () => {
    expect(routedSelectors(policy({ isEnabled: false }), 4)).toEqual([]);
  });
});
