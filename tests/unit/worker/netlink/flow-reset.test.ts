import { describe, expect, test } from "bun:test";
import type { FlowSelection } from "../../../../agent/wire/net-frames.ts";
import type { FlowEntry } from "../../../../agent/wire/netlink-conntrack.ts";
import { FlowReset, isSelected } from "../../../../agent/worker/netlink/flow-reset.ts";
import { bytesOf } from "../../../support/kernel-values.ts";

const UPLINK = bytesOf(10, 1, 0, 2);
const HOST = bytesOf(192, 168, 7, 5);
const SERVER = bytesOf(192, 0, 2, 9);

/** A flow of a host behind us, translated to the uplink's address. */
function flowOf(fields: Partial<FlowEntry> = {}): FlowEntry {
  return {
    family: 4,
    protocol: 17,
    origSource: HOST,
    origDestination: SERVER,
    replySource: SERVER,
    replyDestination: UPLINK,
    identity: [],
    ...fields,
  };
}

const ANY: FlowSelection = { family: 4, address: UPLINK, from: null, to: null };
const LAN = { address: bytesOf(192, 168, 0, 0), length: 16 };
const TEN = { address: bytesOf(10, 0, 0, 0), length: 8 };

describe("isSelected()", () => {
  test.each([
    ["a translated flow of the uplink", flowOf(), ANY, true],
    ["one of another uplink", flowOf({ replyDestination: bytesOf(10, 2, 0, 2) }), ANY, false],
    ["one without translation", flowOf({ origSource: UPLINK }), ANY, false],
    ["one from the policy's prefix", flowOf(), { ...ANY, from: LAN }, true],
    ["one from elsewhere", flowOf(), { ...ANY, from: TEN }, false],
    ["one to the policy's prefix", flowOf(), { ...ANY, to: { address: SERVER, length: 32 } }, true],
    ["one to elsewhere", flowOf(), { ...ANY, from: LAN, to: TEN }, false],
  ])("%s", (_, flow, selection, want) => {
    expect(isSelected(flow, selection)).toBe(want);
  });
});

test("without conntrack an order ends at once, and nothing is left to do", () => {
  const flows = new FlowReset({
    open: () => ({ kind: "refused", errno: 93, text: "" }),
    now: () => 0,
  });
  const outcomes: unknown[] = [];
  flows.start(ANY, (outcome) => outcomes.push(outcome));
  expect(outcomes).toMatchObject([{ kind: "rejected", reason: "unavailable" }]);
  expect([flows.isAvailable, flows.isBusy]).toEqual([false, false]);
  flows.step();
});
