/**
 * Mean opinion score of a month's averages, by the E-model's common reduction (ITU-T G.107, G.711
 * with loss concealment): the formula of the core, here for values that come from buckets.
 */

const R_DEFAULT = 93.2;
const BPL = 25.1;
/** One-way delay above which talkers notice, ms. */
const DELAY_KNEE = 177.3;

/** `rttMs` is halved for the delay of one way; within 1 to 4.5. */
export function opinionScore(rttMs: number, lossPct: number): number {
  const delay = rttMs / 2;
  const knee = delay > DELAY_KNEE ? 0.11 * (delay - DELAY_KNEE) : 0;
  const r = R_DEFAULT - 0.024 * delay - knee - (95 * lossPct) / (lossPct + BPL);
  if (r <= 0) return 1;
  if (r >= 100) return 4.5;
  return Math.max(1, 1 + 0.035 * r + 7e-6 * r * (r - 60) * (100 - r));
}
