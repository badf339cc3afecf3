import { describe, expect, test } from "bun:test";
import type { Instant } from "../../../agent/domain/units.ts";
import { instant, US_PER_S } from "../../../agent/domain/units.ts";
import type { KernelFacts } from "../../../agent/routing/facts.ts";
import type { Gateway } from "../../../agent/routing/gateway.ts";
import type { HeldGateway } from "../../../agent/routing/gateway-hold.ts";
import {
  GATEWAY_HOLD,
  GatewayFollower,
  heldGateway,
  holdGateway,
} from "../../../agent/routing/gateway-hold.ts";
import { ADMIN_DOWN, box, bytes, defaultVia, link, own, PATHS } from "../../support/routing.ts";

const A: Gateway = { kind: "via", address: bytes("10.1.0.1") };
const B: Gateway = { kind: "via", address: bytes("10.1.0.9") };
const at = (s: number): Instant => instant(s * US_PER_S);

interface Step {
  readonly s: number;
  readonly seen: Gateway | null;
  readonly isGrounded?: boolean;
  readonly want: Gateway | null;
}

describe("holdGateway()", () => {
  test.each<[string, readonly Step[]]>([
    [
      "keeps a gateway through a renewal",
      [
        { s: 0, seen: A, want: A },
        { s: 1, seen: null, want: A },
        { s: 3.9, seen: null, want: A },
        { s: 3.95, seen: A, want: A },
        { s: 5, seen: null, want: A },
        { s: 7.9, seen: null, want: A },
      ],
    ],
    [
      "ends the hold at exactly 3 s",
      [
        { s: 0, seen: A, want: A },
        { s: 1, seen: null, want: A },
        { s: 3.999_999, seen: null, want: A },
        { s: 4, seen: null, want: null },
        { s: 5, seen: null, want: null },
        { s: 6, seen: A, want: A },
      ],
    ],
    [
      "takes another gateway at once",
      [
        { s: 0, seen: A, want: A },
        { s: 1, seen: null, want: A },
        { s: 1.1, seen: B, want: B },
      ],
    ],
    [
      "does not hold when the device or its address went too",
      [
        { s: 0, seen: A, want: A },
        { s: 1, seen: null, isGrounded: false, want: null },
        { s: 1.1, seen: null, want: null },
      ],
    ],
    [
      "ends a hold when the address goes meanwhile",
      [
        { s: 0, seen: A, want: A },
        { s: 1, seen: null, want: A },
        { s: 2, seen: null, isGrounded: false, want: null },
      ],
    ],
  ])("%s", (_, steps) => {
    let held: HeldGateway = { kind: "none" };
    for (const { s, seen, isGrounded = true, want } of steps) {
      held = holdGateway(held, { seen, isGrounded }, at(s));
      expect(heldGateway(held)).toEqual(want);
    }
  });
});

describe("GatewayFollower", () => {
  const gone: KernelFacts = box({ routes: [defaultVia(3, "10.2.0.1")] });
  const known = { kind: "via", address: bytes("10.1.0.1") } as const;

  test("holds per path and family, and says when the hold ends", () => {
    const follower = new GatewayFollower();
    expect(follower.update(PATHS, box(), at(0)).get("fiber")?.[4]).toEqual(known);
    expect(follower.nextWakeup()).toBeNull();
    expect(follower.update(PATHS, gone, at(1)).get("fiber")?.[4]).toEqual(known);
    expect(follower.nextWakeup()).toBe(instant(at(1) + GATEWAY_HOLD));
    const later = follower.update(PATHS, gone, at(4));
    expect(later.get("fiber")).toEqual({ 4: null, 6: null });
    expect(later.get("lte")?.[4]).toEqual({ kind: "via", address: bytes("10.2.0.1") });
    expect(follower.nextWakeup()).toBeNull();
  });

  test.each<[string, Partial<KernelFacts>]>([
    ["went down", { links: [link(2, "wan0", ADMIN_DOWN)] }],
    ["was made anew", { links: [link(22, "wan0")], addresses: [own(22, "10.1.0.2/24")] }],
    ["lost its address", { addresses: [own(2, "fe80::2/64")] }],
  ])("does not hold when the device %s", (_, more) => {
    const follower = new GatewayFollower();
    follower.update(PATHS, box(), at(0));
    const table = follower.update(PATHS, { ...gone, ...more }, at(1));
    expect(table.get("fiber")?.[4]).toBeNull();
    expect(follower.nextWakeup()).toBeNull();
  });

  test("forgets paths that are not asked for", () => {
    const follower = new GatewayFollower();
    follower.update(PATHS, box(), at(0));
    follower.update([], box(), at(1));
    expect(follower.update(PATHS, gone, at(2)).get("fiber")?.[4]).toBeNull();
  });
});
