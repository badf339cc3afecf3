import { describe, expect, test } from "bun:test";
import { DEFAULT_UPDATE } from "../../../../agent/config/update.ts";
import { waitReason, wayFault } from "../../../../agent/controller/update/conditions.ts";
import { unixSeconds } from "../../../../agent/domain/units.ts";
import { parseManifest } from "../../../../agent/update/manifest.ts";
import { delayOf } from "../../../../agent/update/schedule.ts";
import { bytesOf, manifestDocument, NOW } from "../../../support/update-documents.ts";

const FINE = { id: "fiber", isUp: true, isMetered: false };

function manifest(change: object = {}) {
  const read = parseManifest(bytesOf(manifestDocument(change)));
  if (read.kind === "damaged") throw new Error(read.reason);
  return read.value;
}

const automatic = { ...DEFAULT_UPDATE, automatic: true, jitter_secs: 0 };
const occasion = { config: automatic, nodeId: "n", ways: [FINE], now: unixSeconds(NOW) };

describe("wayFault()", () => {
  test("lets an update over paths that are up and not metered", () => {
    expect(wayFault([FINE])).toBeNull();
    expect(wayFault([])).toBeNull();
  });

  test("names the path that is not up, or metered", () => {
    expect(wayFault([FINE, { ...FINE, id: "lte", isUp: false }])).toBe("path lte is not up");
    expect(wayFault([{ ...FINE, id: "lte", isMetered: true }])).toBe("path lte is metered");
  });
});

describe("waitReason()", () => {
  test("is none when everything is right", () => {
    expect(waitReason(manifest(), occasion)).toBeNull();
  });

  test("is the switch, the rollout, the window or the way", () => {
    const reason = (change: Partial<typeof occasion>, of = manifest()) =>
      waitReason(of, { ...occasion, ...change });
    expect(reason({ config: DEFAULT_UPDATE })).toContain("update.automatic is off");
    expect(reason({}, manifest({ rollout: { percent: 0, salt: "x" } }))).toContain("0 %");
    const never = { from: 0, to: 1, days: [], time_zone: "UTC" };
    expect(reason({ config: { ...automatic, windows: [never] } })).toContain("update.window");
    expect(reason({ ways: [{ ...FINE, isMetered: true }] })).toContain("metered");
  });

  test("is the turn of this node, to the second", () => {
    const config = { ...automatic, jitter_secs: 3_600 };
    const turn = manifest().created + delayOf("n", 7, 3_600);
    const at = (now: number) =>
      waitReason(manifest(), { ...occasion, config, now: unixSeconds(now) });
    expect(at(turn - 1)).toBe("its turn is in 1 s");
    expect(at(turn)).toBeNull();
  });
});
