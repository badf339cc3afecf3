import { describe, expect, test } from "bun:test";
import type { LinkConf, RememberedLink } from "../../../agent/routing/link-settings.ts";
import {
  planLinkSettings,
  restoreLinkSettings,
  wantedRpFilter,
} from "../../../agent/routing/link-settings.ts";
import { link } from "../../support/routing.ts";

const WAN0 = link(2, "wan0");

function netconf(allRpFilter: number, wan0: LinkConf): readonly LinkConf[] {
  return [{ index: 0, rpFilter: allRpFilter, ignoreRoutesWithLinkdown: false }, wan0];
}

function device(rpFilter: number, ignoreRoutesWithLinkdown = false): LinkConf {
  return { index: 2, rpFilter, ignoreRoutesWithLinkdown };
}

function remembered(rpFilter: number | null, ignored: boolean | null): RememberedLink {
  return { device: "wan0", index: 2, rpFilter, ignoreRoutesWithLinkdown: ignored };
}

test.each([
  [0, 0, null],
  [0, 1, 2],
  [1, 0, 2],
  [1, 1, 2],
  [1, 2, null],
  [2, 0, null],
  [2, 1, null],
  [0, 2, null],
])("wantedRpFilter() with all=%d and own=%d is %p", (all, own, wanted) => {
  expect(wantedRpFilter(all, own)).toBe(wanted);
});

describe("planLinkSettings()", () => {
  test("sets what is missing and remembers what was there", () => {
    const { operations, memory } = planLinkSettings(["wan0"], [WAN0], netconf(1, device(0)), []);
    const setting = { device: "wan0", rpFilter: 2, ignoreRoutesWithLinkdown: true };
    expect(operations).toEqual([{ kind: "set-link", ...setting }]);
    expect(memory).toEqual([remembered(0, false)]);
  });

  test("writes nothing where all is as it should be, and keeps its memory", () => {
    const before = [remembered(1, false)];
    const { operations, memory } = planLinkSettings(
      ["wan0"],
      [WAN0],
      netconf(1, device(2, true)),
      before,
    );
    expect(operations).toEqual([]);
    expect(memory).toEqual(before);
    expect(planLinkSettings(["wan0"], [WAN0], netconf(0, device(0, true)), []).memory).toEqual([]);
  });

  test("a device made anew starts over, and its former self is forgotten", () => {
    const links = [link(22, "wan0")];
    const fresh = netconf(0, { ...device(1), index: 22 });
    const { operations, memory } = planLinkSettings(["wan0"], links, fresh, [remembered(0, false)]);
    expect(operations).toHaveLength(1);
    expect(memory).toEqual([{ ...remembered(1, false), index: 22 }]);
    expect(restoreLinkSettings(links, fresh, [remembered(0, false)])).toEqual([]);
  });

  test("takes a value that somebody set since as the one to go back to", () => {
    const before = [remembered(1, false)];
    const off = planLinkSettings(["wan0"], [WAN0], netconf(0, device(0, true)), before);
    expect(off.memory).toEqual([remembered(null, false)]);
    const strict = planLinkSettings(["wan0"], [WAN0], netconf(0, device(1, true)), [
      remembered(0, false),
    ]);
    expect(strict.operations).toHaveLength(1);
    expect(strict.memory).toEqual([remembered(1, false)]);
  });

  test("keeps the memory of a device that is no path any more", () => {
    const before = [remembered(1, false)];
    const { operations, memory } = planLinkSettings([], [WAN0], netconf(1, device(2)), before);
    expect(operations).toEqual([]);
    expect(memory).toEqual(before);
  });

  test("passes a device that tells no settings", () => {
    const nothing = netconf(1, { ...device(0), index: 7 });
    expect(planLinkSettings(["wan0"], [WAN0], nothing, []).operations).toEqual([]);
  });
});

describe("restoreLinkSettings()", () => {
  test("gives back what was remembered", () => {
    const back = restoreLinkSettings([WAN0], netconf(1, device(2, true)), [remembered(1, false)]);
    const setting = { device: "wan0", rpFilter: 1, ignoreRoutesWithLinkdown: false };
    expect(back).toEqual([{ kind: "set-link", ...setting }]);
  });

  test("leaves alone what somebody changed since, and what is gone", () => {
    const memory = [remembered(1, false)];
    expect(restoreLinkSettings([WAN0], netconf(1, device(0)), memory)).toEqual([]);
    expect(restoreLinkSettings([], netconf(1, device(2, true)), memory)).toEqual([]);
  });
});
