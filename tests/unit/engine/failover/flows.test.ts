import { expect, test } from "bun:test";
import { flowsOf } from "../../../../agent/engine/failover/flows.ts";
import { policyConfig } from "../../../support/failover-steps.ts";

test.each([
  { flows: "keep", cause: "hard-down", want: "keep" },
  { flows: "reset-on-hard-down", cause: "hard-down", want: "reset" },
  { flows: "reset-on-hard-down", cause: "failback", want: "keep" },
  { flows: "reset-always", cause: "failback", want: "reset" },
] as const)("flowsOf() $flows after $cause: $want", ({ flows, cause, want }) => {
  expect(flowsOf(policyConfig({ flows }), cause)).toBe(want);
});
