/**
 * The wall clock of a running agent set to and fro by an hour, under the compiled file: durations
 * are of the monotonic clock, so traffic returns when the primary has truly proved itself.
 */

import { afterEach, describe, expect, test } from "bun:test";
import { scratchFolder } from "../support/agent.ts";
import { FailoverLab } from "../support/lab/failover-lab.ts";
import { namespaceProblem } from "../support/lab/namespace.ts";
import { wallClock } from "../support/lab/wall-clock.ts";

const problem = namespaceProblem();
const isFull = process.env["FULL"] === "1";
const HOUR = 3_600;
/** s; the default is 60 */
const FAILBACK_SECS = isFull ? 60 : 35;
/** Until the path's status is up again, and a turn of the engine. */
const LATE_SECS = 6;
const LIMIT_MS = 180_000;
/** It is looked for with every check, 10 s apart. */
const SEEN_MS = 12_000;
/** From the true time, in the order in which they come. */
const CASES = [
  { name: "forward, back behind the start, and right again", steps: [HOUR, -HOUR, 0] },
  ...(isFull
    ? [
        { name: "forward", steps: [HOUR] },
        { name: "back", steps: [-HOUR] },
      ]
    : []),
];

describe.skipIf(problem !== null)(`a stepped wall clock (${problem ?? "as root"})`, () => {
  let lab: FailoverLab | null = null;

  afterEach(async () => {
    await lab?.close();
    lab = null;
  }, 30_000);

  async function stepsSeen(world: FailoverLab): Promise<string[]> {
    const { records } = await world.agent.json<{
      records: { action: string; detail: string }[];
    }>("/api/v1/audit");
    return records.filter(({ action }) => action === "clock step").map(({ detail }) => detail);
  }

  test.each(CASES)(
    "A13: an hour $name while the primary proves itself changes nothing",
    async ({ steps }) => {
      const folder = scratchFolder();
      const clock = wallClock(folder);
      const policy = `failback_delay_secs: ${FAILBACK_SECS}\nroute: { match: [{ to: default }] }`;
      const world = await FailoverLab.open({
        purpose: "clk",
        uplinks: [{}, {}],
        policy,
        folder,
        prefix: clock.prefix,
      });
      lab = world;
      await world.uplinks.cut("a");
      await world.uses("b");
      await world.uplinks.mend("a");
      await world.well();
      const wellAt = performance.now();
      for (const [i, seconds] of steps.entries()) {
        clock.moveBy(seconds);
        const isSeen = async () => (await stepsSeen(world)).length > i;
        await world.agent.until("the step is seen", isSeen, SEEN_MS);
        expect((await world.policy()).active_path_id).toBe("b");
      }
      await world.uses("a", (FAILBACK_SECS + LATE_SECS) * 1_000);
      const took = (performance.now() - wellAt) / 1_000;
      expect(took).toBeWithin(FAILBACK_SECS - LATE_SECS, FAILBACK_SECS + LATE_SECS);
      expect(await world.moves()).toHaveLength(4);
      expect((await stepsSeen(world)).length).toBe(steps.length);
    },
    LIMIT_MS,
  );
});
