import { expect, test } from "bun:test";
import { pathId } from "../../../../agent/domain/ids.ts";
import { micros } from "../../../../agent/domain/units.ts";
import {
  describeArrival,
  describeDown,
  formatScore,
  formatSpan,
} from "../../../../agent/engine/failover/wording.ts";
import { policyConfig } from "../../../support/failover-steps.ts";

test.each([
  { cause: "probes", want: "no answer to its probes" },
  { cause: "carrier", want: "carrier lost" },
  { cause: "admin-down", want: "its device is switched off" },
  { cause: "no-gateway", want: "its gateway is gone" },
  { cause: "unroutable", want: "the kernel takes no route by it" },
] as const)("describeDown() of $cause", ({ cause, want }) => {
  expect(describeDown(cause)).toBe(want);
});

test("formatScore() and formatSpan() are short", () => {
  expect([formatScore(49.96), formatScore(null)]).toEqual(["50.0", "unknown"]);
  expect(formatSpan(micros(59_600_000))).toBe("60 s");
});

test.each([
  { route: null, duration: micros(5), want: "lte is chosen: the policy has no route to write" },
  { route: policyConfig().route, duration: micros(5), want: "lte carries the traffic: read back" },
  {
    route: policyConfig().route,
    duration: null,
    want: "lte carries the traffic: found in the kernel after a restart",
  },
])("describeArrival() says $want", ({ route, duration, want }) => {
  expect(describeArrival(pathId("lte"), policyConfig({ route }), duration)).toBe(want);
});
