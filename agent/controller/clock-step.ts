/** A step of the wall clock as a record for the audit: every time in the history leans on it. */

import type { AuditRecord } from "../engine/failover/effect.ts";

export function clockStep(seconds: number): AuditRecord {
  return {
    action: "clock step",
    author: "agent",
    reason: "",
    policy: null,
    path: null,
    outcome: "noted",
    detail: `the wall clock stepped by ${seconds} s`,
  };
}
