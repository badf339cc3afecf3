/** The commands about policies against the API behind a real unix socket, with a fake view. */

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { createApp } from "../../agent/io/http/app.ts";
import { FakeClock } from "../support/fake-clock.ts";
import {
  explanationBody,
  FakeFailoverView,
  policyBody,
  recordedEvent,
} from "../support/fake-failover-view.ts";
import { FakeLog } from "../support/fake-log.ts";
import { FakeView } from "../support/fake-view.ts";
import { temporaryFolder } from "../support/journals.ts";

const MAIN = join(import.meta.dir, "../../agent/main.ts");
const folder = temporaryFolder();
const socket = join(folder.path, "agent.sock");
let view = new FakeFailoverView();
let server: { stop(closeActive?: boolean): unknown };

beforeAll(() => {
  const options = { listen: null, token: null, anonymousRead: false, allowedHosts: [] };
  server = Bun.serve({
    unix: socket,
    fetch(request) {
      const parts = { clock: new FakeClock(), log: new FakeLog(), failover: view };
      const app = createApp(new FakeView(), { ...options, ...parts });
      return app.fetch(request, { transport: "unix" });
    },
  });
});

afterAll(async () => {
  await server.stop(true);
  folder.remove();
});

beforeEach(() => {
  view = new FakeFailoverView();
});

function start(...args: readonly string[]) {
  return Bun.spawn([process.execPath, MAIN, ...args, "--socket", socket], {
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, SUDO_USER: "ann", USER: "root" },
  });
}

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(...args: readonly string[]): Promise<Ended> {
  const child = start(...args);
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code: await child.exited, out, err };
}

describe("policies", () => {
  test("lists them with the active path and what stands", async () => {
    const since = view.timestamp;
    const pin = { author: "bob", reason: "", since, expires_at: null } as const;
    view.policies = [
      policyBody(),
      policyBody({
        policy_id: 12,
        name: "voice",
        active_path_id: "lte",
        using_primary: false,
        pin: { ...pin, path_id: "lte", mode: "safe" },
      }),
    ];
    const { code, out } = await run("policies");
    expect(code).toBe(0);
    const [heading, first, second] = out.split("\n");
    expect(heading?.trim().split(/ {2,}/)).toContain("ACTIVE");
    expect(first).toMatch(/1 {2}office +fiber +- +fiber +lte,dsl +3 {2}on primary/);
    expect(second).toContain("pinned to lte (safe) by bob");
  });

  test("shows one by its name, and says what there is when it is not there", async () => {
    const shown = await run("policies", "show", "office", "--json");
    expect(JSON.parse(shown.out)).toMatchObject({ policy_id: 1, primary_path_id: "fiber" });
    expect((await run("policies", "show", "1")).out).toContain("leaves below");
    const missing = await run("policies", "show", "nope");
    expect(missing.code).toBe(1);
    expect(missing.err).toContain(
      'cannot find policy "nope": no such policy (there are: 1 office)',
    );
  });

  test("enables and disables, signed by who called sudo", async () => {
    const { code, out } = await run("policies", "disable", "office", "-m", "works");
    expect(code).toBe(0);
    expect(out).toBe("policy 1 office: active path fiber; on primary\n");
    expect(view.commands).toEqual([
      { action: "disable", policy: 1, author: "ann", reason: "works" },
    ]);
  });
});

describe("orders", () => {
  test.each([
    [["switch", "1", "lte"], { action: "switch", path: "lte" }],
    [["pin", "1", "lte"], { action: "pin", mode: "safe", expiresAfter: null }],
    [
      ["pin", "1", "lte", "--strict", "--for", "2h"],
      { action: "pin", mode: "strict", expiresAfter: 7_200_000_000 },
    ],
    [["unpin", "office"], { action: "unpin", policy: 1 }],
    [["hold", "1", "--strict"], { action: "hold", strict: true }],
    [["release", "1"], { action: "release" }],
    [["maintenance", "a b", "on", "--for", "5m"], { path: "a b", on: true }],
    [["maintenance", "lte", "off"], { path: "lte", on: false }],
  ])("%p reaches the agent", async (args, command) => {
    const { code, err } = await run(...args);
    expect(err).toBe("");
    expect(code).toBe(0);
    expect(view.commands).toMatchObject([{ ...command, author: "ann" }]);
  });

  test("a refusal is shown in the words of the engine, exit 1", async () => {
    view.commandOutcome = { kind: "refused", reason: "unpin the policy first" };
    const { code, err } = await run("switch", "1", "lte");
    expect(code).toBe(1);
    expect(err).toBe("Order refused: unpin the policy first\n");
  });

  test.each([
    [["pin", "1"]],
    [["switch", "1", "lte", "dsl"]],
    [["unpin"]],
    [["hold", "1", "--for", "soon"]],
    [["maintenance", "lte"]],
    [["maintenance", "lte", "off", "--for", "1h"]],
    [["policies", "erase", "1"]],
  ])("%p is a mistake of usage, exit 2", async (args) => {
    const { code, err } = await run(...args);
    expect(code).toBe(2);
    expect(err).toContain("Try: patronus-agent");
    expect(view.commands).toEqual([]);
  });
});

describe("events and explain", () => {
  test("events come the newest last, a line each", async () => {
    view.eventPage = { records: [recordedEvent(8), recordedEvent(7)], next: 7 };
    const { code, out } = await run("events", "--policy", "1", "-n", "2", "--type", "triggered");
    expect(code).toBe(0);
    expect(out).toBe(
      "2023-11-14 22:13:20Z  policy 1 IPv4  triggered  fiber -> lte  order 7\n" +
        "2023-11-14 22:13:20Z  policy 1 IPv4  triggered  fiber -> lte  order 8\n",
    );
    expect(view.eventQueries[0]).toMatchObject({ policy: 1, limit: 2, type: "triggered" });
  });

  test("events --follow goes on behind the last one that it showed", async () => {
    const child = start("events", "--follow", "--json");
    const reader = child.stdout.getReader();
    const decoder = new TextDecoder();
    let text = "";
    const line = async (count: number) => {
      while (text.split("\n").length <= count) {
        text += decoder.decode((await reader.read()).value, { stream: true });
      }
      return JSON.parse(text.split("\n")[count - 1] ?? "");
    };
    expect(await line(1)).toMatchObject({ event_id: 7 });
    view.eventPage = { records: [recordedEvent(8)], next: null };
    expect(await line(2)).toMatchObject({ event_id: 8, reason: "order 8" });
    child.kill();
    await child.exited;
    expect(view.eventQueries[1]).toMatchObject({ order: "oldest-first", cursor: 7 });
  });

  test("explain says in sentences what holds a move back", async () => {
    const { code, out } = await run("explain", "office", "--ipv6");
    expect(code).toBe(0);
    expect(out).toContain("policy 1 office, IPv4: active path lte");
    expect(out).toContain(explanationBody().sentences[0] ?? "-");
    expect(out).toMatch(/fiber +97\.5 +usable +1 {2}streak 42 s/);
    expect(view.explained).toEqual([{ id: 1, family: 6 }]);
  });

  test("an agent that does not run is named as such, exit 4", async () => {
    const child = Bun.spawn([process.execPath, MAIN, "policies", "--socket", `${socket}.no`], {
      stderr: "pipe",
    });
    expect(await new Response(child.stderr).text()).toContain("is it running?");
    expect(await child.exited).toBe(4);
  });
});
