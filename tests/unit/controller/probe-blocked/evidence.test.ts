import { describe, expect, test } from "bun:test";
import { RxEvidence } from "../../../../agent/controller/probe-blocked/evidence.ts";
import { instant } from "../../../../agent/domain/units.ts";

const S = 1_000_000;

/** A reading every second from second 0, at these rates of packets per second. */
function read(unicast: readonly number[], multicast = 0): RxEvidence {
  const evidence = new RxEvidence();
  let [packets, others] = [1_000, 0];
  evidence.note(instant(0), { packets, multicast: others });
  for (const [i, rate] of unicast.entries()) {
    packets += rate + multicast;
    others += multicast;
    evidence.note(instant((i + 1) * S), { packets, multicast: others });
  }
  return evidence;
}

const busy = (seconds: number, rate = 500) => Array.from({ length: seconds }, () => rate);

describe("RxEvidence", () => {
  test.each([
    { name: "traffic as before", rates: busy(14), holds: true },
    { name: "half of it", rates: [...busy(10), ...busy(4, 260)], holds: true },
    { name: "less than half", rates: [...busy(10), ...busy(4, 200)], holds: false },
    { name: "little, before as now", rates: busy(14, 15), holds: false },
    { name: "nothing", rates: [...busy(10), ...busy(4, 0)], holds: false },
    { name: "nothing any more", rates: [...busy(12), ...busy(2, 0)], holds: false },
  ])("$name during a silence: $holds", ({ rates, holds }) => {
    expect(read(rates).holds(instant(10 * S))).toBe(holds);
  });

  test("multicast is no evidence", () => {
    expect(read([...busy(10, 0), ...busy(4, 0)], 5_000).holds(instant(10 * S))).toBe(false);
  });

  test("a device made anew, or one that is gone, has to be watched again", () => {
    const evidence = read(busy(14));
    evidence.note(instant(15 * S), { packets: 10, multicast: 0 });
    expect(evidence.holds(instant(10 * S))).toBe(false);
    const gone = read(busy(14));
    gone.note(instant(15 * S), null);
    expect(gone.holds(instant(10 * S))).toBe(false);
  });

  test("a silence that has just begun shows nothing yet", () => {
    expect(read(busy(10)).holds(instant(10 * S))).toBe(false);
  });
});
