import { describe, expect, test } from "bun:test";
import { CLIENTS_MAX, KEPT_MAX, StreamHub } from "../../../../agent/controller/stream/hub.ts";
import { pathId } from "../../../../agent/domain/ids.ts";
import type { StreamEvent } from "../../../../agent/io/http/stream-view.ts";
import { FakeClock } from "../../../support/fake-clock.ts";

const change = { path: pathId("fiber"), from: "up", to: "down", cause: "score", score: 3 } as const;

function make() {
  const clock = new FakeClock();
  const hub = new StreamHub({ clock, timers: clock });
  const follow = (lastId: string | null = null) => {
    const events: StreamEvent[] = [];
    const counts = { ticks: 0, ends: 0 };
    const subscription = hub.subscribe(lastId, {
      event: (event) => events.push(event),
      tick: () => counts.ticks++,
      end: () => counts.ends++,
    });
    return { events, counts, subscription };
  };
  return { clock, hub, follow };
}

describe("StreamHub", () => {
  test("tells everybody who follows, with ids that grow", () => {
    const { hub, follow } = make();
    const [first, second] = [follow(), follow()];
    hub.statusChanged(change);
    hub.statusChanged(change);
    const ids = first.events.map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
    expect(second.events.map(({ id }) => id)).toEqual(ids);
  });

  test("a client goes on behind the id that it had last", () => {
    const { hub, follow } = make();
    const first = follow();
    for (let i = 0; i < 3; i++) hub.statusChanged(change);
    first.subscription?.close();
    hub.statusChanged(change);
    const again = follow(first.events[1]?.id);
    expect(again.subscription).toMatchObject({ hasGap: false });
    expect(again.subscription?.missed).toHaveLength(2);
    expect(follow(first.events[2]?.id).subscription?.missed).toHaveLength(1);
    expect(first.events).toHaveLength(3);
  });

  test("what is not kept any more is a gap, and so is an id of another run", () => {
    const { hub, follow } = make();
    const first = follow();
    for (let i = 0; i <= KEPT_MAX; i++) hub.statusChanged(change);
    expect(follow(first.events[0]?.id).subscription).toMatchObject({ hasGap: false });
    hub.statusChanged(change);
    const late = follow(first.events[0]?.id).subscription;
    expect(late?.hasGap).toBe(true);
    expect(late?.missed).toHaveLength(KEPT_MAX);
    expect(follow("other-7").subscription).toMatchObject({ hasGap: true });
    expect(follow().subscription?.missed).toEqual([]);
  });

  test("ticks every five seconds while somebody follows, and arms nothing otherwise", () => {
    const { clock, follow } = make();
    expect(clock.armed).toBe(0);
    const { counts, subscription } = follow();
    clock.advance(15_000);
    expect(counts.ticks).toBe(3);
    subscription?.close();
    expect(clock.armed).toBe(0);
  });

  test("takes so many clients and no more, and ends them at the stop", () => {
    const { hub, follow, clock } = make();
    const all = Array.from({ length: CLIENTS_MAX }, () => follow());
    expect(follow().subscription).toBeNull();
    all[0]?.subscription?.close();
    expect(follow().subscription).not.toBeNull();
    hub.stop();
    expect(all[1]?.counts.ends).toBe(1);
    expect(hub.clients).toBe(0);
    clock.advance(20_000);
    expect(all[1]?.counts.ticks).toBe(0);
  });
});
