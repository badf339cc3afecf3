/** Steps of an update as records of the operators' journal. */

import type { UpdateStep } from "../../domain/update.ts";
import { isTrouble } from "../../domain/update.ts";
import type { AuditRecord } from "../../engine/failover/effect.ts";

type Told = Pick<UpdateStep, "step" | "release" | "version" | "detail">;

export function stepRecord({ step, release, version, detail }: Told): AuditRecord {
  const what = release === 0 ? "" : `release ${release} (${version})`;
  return {
    action: `update ${step}`,
    author: "agent",
    reason: "",
    policy: null,
    path: null,
    outcome: isTrouble(step) ? "refused" : "done",
    detail: [what, detail].filter((part) => part !== "").join(": "),
  };
}
