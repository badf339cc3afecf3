/**
 * The wall clock set back and forth by an hour under a probing worker, on real sockets with real
 * kernel stamps. What was tried and does not do it: a preloaded library changes what the runtime
 * calls, so it serves for the controller (lab/failover-clock), but neither the C library that the
 * worker opens by itself nor the kernel's stamps; a time namespace has no wall clock of its own;
 * the machine's clock is everybody's. So the seam is moved instead, see stepped-loop.ts.
 */

import { afterEach, describe, expect, test } from "bun:test";
import { OUTCOME_FLAG } from "../../agent/domain/outcome.ts";
import type { EchoResponder } from "../../agent/worker/echo.ts";
import { openEcho } from "../../agent/worker/echo.ts";
import { monotonicNow } from "../../agent/worker/libc.ts";
import { SteppedLoop } from "../support/stepped-loop.ts";
import { udpRow } from "../support/table-rows.ts";

const PORT = 39_715;
const INTERVAL_US = 20_000;
/** The echo takes so long, so that every step finds a probe in flight. */
const RTT_US = 8_000;
const STAMP_LAG_MAX_US = 2_000;
const PHASE_MS = 300;
const HOUR = 3_600;
/** s: forward, to before the start, to where it was; then as a time server would. */
const STEPS = [HOUR, -2 * HOUR, HOUR, -1, 1];
/** Far beyond any delay of a starved host, far below a step. */
const RTT_MAX_US = 500_000;
const KERNEL = OUTCOME_FLAG.kernelTx | OUTCOME_FLAG.kernelRx;

describe("a wall clock stepped by an hour", () => {
  let loop: SteppedLoop | null = null;
  let echo: EchoResponder | null = null;
  afterEach(() => {
    loop?.close();
    echo?.close();
  });

  /** Ends right behind a send, with its probe in flight. */
  function run(stepped: SteppedLoop): void {
    const endUs = monotonicNow() + PHASE_MS * 1_000;
    const giveUpUs = endUs + 5_000_000;
    for (let nowUs = monotonicNow(); nowUs < giveUpUs; nowUs = monotonicNow()) {
      const sinceSent = nowUs - stepped.lastSentUs;
      if (sinceSent > RTT_US) echo?.answer();
      else if (nowUs > endUs) return;
      stepped.turn();
    }
  }

  test("costs no probe and no send, and gives no negative or huge RTT", () => {
    const local = Uint8Array.of(127, 0, 0, 1);
    echo = openEcho({ family: 4, address: local, port: PORT });
    const pace = { intervalUs: INTERVAL_US, timeoutUs: 1_000_000 };
    const stepped = new SteppedLoop([udpRow([...local], PORT, pace)]);
    loop = stepped;
    const stepAtUs: number[] = [];
    for (const seconds of STEPS) {
      run(stepped);
      stepped.step(seconds);
      stepAtUs.push(monotonicNow());
    }
    run(stepped);
    const { outcomes } = stepped;
    expect(outcomes.length).toBeGreaterThan((STEPS.length * PHASE_MS * 1_000) / INTERVAL_US);
    // No false loss, nothing twice, in the order of sending.
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(["replied"]));
    expect(outcomes.map(({ seq }) => seq)).toEqual(outcomes.map((_, i) => i));
    for (const { rttUs } of outcomes) {
      // The kernel's stamp of the send is younger than ours, on a busy host by some 100 us.
      expect(rttUs).toBeGreaterThan(RTT_US - STAMP_LAG_MAX_US);
      expect(rttUs).toBeLessThan(RTT_MAX_US);
    }
    // Of each step, the probes that were in flight are void, at least one; all others are not.
    const wasCut = (sentUs: number, rttUs: number) =>
      stepAtUs.some((at) => sentUs < at && at < sentUs + rttUs);
    for (const { flags, sentUs, rttUs } of outcomes.slice(2)) {
      expect(flags).toBe(wasCut(sentUs, rttUs) ? OUTCOME_FLAG.rttVoid : KERNEL);
    }
    const voided = outcomes.filter(({ flags }) => (flags & OUTCOME_FLAG.rttVoid) !== 0);
    expect(voided.length).toBeGreaterThanOrEqual(STEPS.length);
    // On the grid: what is missing is what the schedule says this host was too late for.
    const first = outcomes[0]?.sentUs ?? 0;
    const last = outcomes.at(-1)?.sentUs ?? 0;
    const points = Math.round((last - first) / INTERVAL_US);
    expect(outcomes.length - 1 + stepped.skipped).toBeGreaterThanOrEqual(points - 1);
    // One late send may come close before the next; three within an interval are a burst.
    const spans = outcomes.slice(2).map(({ sentUs }, i) => sentUs - (outcomes[i]?.sentUs ?? 0));
    expect(spans.filter((span) => span < 0.9 * INTERVAL_US)).toEqual([]);
  });
});
