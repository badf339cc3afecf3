import { describe, expect, test } from "bun:test";
import { Names } from "../../../agent/controller/names.ts";
import { parseAddress } from "../../../agent/domain/address.ts";
import type { NameQuery, Resolution } from "../../../agent/io/resolver.ts";
import { agentConfig, PROBE, pathConfig } from "../../support/configs.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeLog } from "../../support/fake-log.ts";

const DOWN: Resolution = { kind: "failed", reason: "server down" };

function resolved(...texts: string[]): Resolution {
  return { kind: "resolved", addresses: texts.flatMap((text) => parseAddress(text) ?? []) };
}

function world(answers: (query: NameQuery) => Resolution) {
  const clock = new FakeClock();
  const log = new FakeLog();
  let asked = 0;
  const names = new Names({
    clock,
    timers: clock,
    log,
    literal: ({ host }) => parseAddress(host),
    resolve: async (query) => {
      asked++;
      return answers(query);
    },
  });
  const settle = () => Bun.sleep(0);
  return { clock, log, names, settle, asked: () => asked };
}

describe("Names", () => {
  test("follow() knows literals at once and asks nobody", () => {
    const { names, asked } = world(() => DOWN);
    names.follow(agentConfig([pathConfig("a", ["192.0.2.1", "2001:db8::1"])]), () => {});
    expect([...names.known.keys()]).toEqual(["any 192.0.2.1", "any 2001:db8::1"]);
    expect(asked()).toBe(0);
  });

  test("follow() tells when a name is resolved", async () => {
    const { names, settle } = world(() => resolved("192.0.2.9"));
    let changes = 0;
    names.follow(agentConfig([pathConfig("a", ["one.example"])]), () => changes++);
    await settle();
    expect(changes).toBe(1);
    expect(names.known.get("any one.example")?.bytes).toEqual(Uint8Array.of(192, 0, 2, 9));
  });

  test("a name that fails is asked again after 30 s, without a change meanwhile", async () => {
    let up = false;
    const { names, clock, settle, asked, log } = world(() => (up ? resolved("192.0.2.9") : DOWN));
    let changes = 0;
    names.follow(agentConfig([pathConfig("a", ["one.example"])]), () => changes++);
    await settle();
    expect([changes, asked(), log.messages.length]).toEqual([0, 1, 1]);
    up = true;
    clock.advance(29_999);
    expect(asked()).toBe(1);
    clock.advance(1);
    await settle();
    expect([changes, asked()]).toEqual([1, 2]);
  });

  test("one name may have an address of each family", async () => {
    const { names, settle } = world(({ family }) =>
      resolved(family === "ipv6" ? "2001:db8::9" : "192.0.2.9"),
    );
    const base = pathConfig("a", ["one.example"]);
    const host = "one.example";
    const targets = [
      { host, probe: { ...PROBE, family: "ipv4" as const } },
      { host, probe: { ...PROBE, family: "ipv6" as const } },
    ];
    names.follow(agentConfig([{ ...base, targets }]), () => {});
    await settle();
    expect([...names.known.values()].map(({ family }) => family)).toEqual([4, 6]);
  });

  test("answers for an earlier configuration are dropped", async () => {
    const { names, settle } = world(() => resolved("192.0.2.9"));
    let changes = 0;
    names.follow(agentConfig([pathConfig("a", ["one.example"])]), () => changes++);
    names.follow(agentConfig([pathConfig("a", ["192.0.2.1"])]), () => changes++);
    await settle();
    expect(changes).toBe(0);
  });

  test("a name that resolved is asked again every 5 min and told only when it has moved", async () => {
    let text = "192.0.2.9";
    const { names, clock, settle, asked } = world(() => resolved(text));
    let changes = 0;
    names.follow(agentConfig([pathConfig("a", ["one.example"])]), () => changes++);
    await settle();
    clock.advance(300_000);
    await settle();
    expect([changes, asked()]).toEqual([1, 2]);
    text = "192.0.2.10";
    clock.advance(300_000);
    await settle();
    expect([changes, asked()]).toEqual([2, 3]);
  });

  test("the last address stays while the servers fail", async () => {
    let up = true;
    const { names, clock, settle, log } = world(() => (up ? resolved("192.0.2.9") : DOWN));
    let changes = 0;
    names.follow(agentConfig([pathConfig("a", ["one.example"])]), () => changes++);
    await settle();
    up = false;
    clock.advance(300_000);
    await settle();
    expect(changes).toBe(1);
    expect(names.known.get("any one.example")?.bytes).toEqual(Uint8Array.of(192, 0, 2, 9));
    expect(log.messages).toEqual(["cannot resolve a target, its last address stays"]);
  });

  test("an address that servers still answer with stays, in whatever order they do", async () => {
    let answers = ["192.0.2.9", "192.0.2.10"];
    const { names, clock, settle } = world(() => resolved(...answers));
    let changes = 0;
    names.follow(agentConfig([pathConfig("a", ["one.example"])]), () => changes++);
    await settle();
    answers = ["192.0.2.10", "192.0.2.9"];
    clock.advance(300_000);
    await settle();
    expect(changes).toBe(1);
    answers = ["192.0.2.11"];
    clock.advance(300_000);
    await settle();
    expect(changes).toBe(2);
  });

  test("doubt() asks a name again at once, once per 10 s, beside its rounds", async () => {
    let answer = "192.0.2.9";
    const { names, clock, settle, asked } = world(() => resolved(answer));
    let changes = 0;
    const config = agentConfig([pathConfig("a", ["one.example", "192.0.2.1"])]);
    names.follow(config, () => changes++);
    await settle();
    answer = "192.0.2.10";
    names.doubt("any one.example");
    names.doubt("any one.example");
    names.doubt("any 192.0.2.1");
    await settle();
    expect([asked(), changes]).toEqual([2, 2]);
    clock.advance(10_000);
    names.doubt("any one.example");
    await settle();
    expect([asked(), changes]).toEqual([3, 2]);
    clock.advance(290_000);
    await settle();
    expect(asked()).toBe(4);
  });
});
