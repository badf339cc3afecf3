/** What stands in the way of the plan on this box, as sentences for status and page. */

import { describeProblem, planProblems } from "../../routing/checks.ts";
import type { KernelFacts } from "../../routing/facts.ts";
import { FAMILIES, linkNamed } from "../../routing/facts.ts";
import { shadowingRoutes } from "../../routing/main-shadow.ts";
import type { RoutePlan } from "../../routing/plan.ts";
import { routedSelectors } from "../../routing/plan.ts";

export function problemsOf(plan: RoutePlan, facts: KernelFacts | null): readonly string[] {
  if (facts === null) return [];
  const missing = plan.paths.flatMap(({ id, device }) =>
    linkNamed(facts, device) === null ? [`path ${id}: interface ${device} is missing`] : [],
  );
  const shadowed = FAMILIES.flatMap((family) => {
    const isRouted = plan.policies.some((one) => routedSelectors(one, family).length > 0);
    if (!isRouted || shadowingRoutes(facts, family).length === 0) return [];
    return [`IPv${family} policies are shadowed by wide routes in table main, such as a VPN's`];
  });
  return [...missing, ...planProblems(plan, facts).map(describeProblem), ...shadowed];
}
