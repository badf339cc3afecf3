/** What the configuration asks for by default, unshortened. */

import type { RetentionPlan } from "../../agent/domain/retention.ts";

const DAY = 86_400;

export const RETENTION: RetentionPlan = {
  raw_secs: 7 * DAY,
  rollup_5m_secs: 90 * DAY,
  rollup_1h_secs: 400 * DAY,
  rollup_1d_secs: 1_825 * DAY,
  events_secs: 400 * DAY,
  estimate_mb: 40,
  budget_mb: 48,
  shortened: [],
};
