/**
 * The compiled file updates itself: from one release to the next by delta, and through releases
 * that are broken in every way that was thought of. Each ends on a release that works, with the
 * reason in `update status`. Builds releases of its own: about a minute and a half.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { makeKey } from "../../scripts/release/signing.ts";
import { scratchFolder } from "../support/agent.ts";
import { isAlive } from "../support/processes.ts";
import { EchoTarget, UpdateBox } from "../support/update-box.ts";
import type { Patch } from "../support/update-site.ts";
import { UpdateSite } from "../support/update-site.ts";

const CONTROLLER = "agent/controller/main.ts";
const START = "ignoreSignals(IGNORED_SIGNALS);";
const CRASH: Patch = { file: CONTROLLER, from: START, to: `throw new Error("broken release");` };
const HANG: Patch = { file: CONTROLLER, from: START, to: "for (;;) prctl(PR_SET_DUMPABLE, 0);" };
/** It serves, and hears no reply. */
const DEAF: Patch = {
  file: CONTROLLER,
  from: "frame: (bytes) => this.#agent?.driver.receive(bytes),",
  to: "frame: (bytes) => { if (bytes[4] !== 16) this.#agent?.driver.receive(bytes); },",
};

let scratch: string;
let site: UpdateSite;
let box: UpdateBox;
let second: string;
let echo: EchoTarget;

beforeAll(async () => {
  scratch = scratchFolder();
  site = new UpdateSite(scratch);
  const first = await site.build(1);
  second = await site.build(2);
  site.publish(1, first);
  echo = await EchoTarget.open();
  box = new UpdateBox(first, { url: site.url, echoPort: echo.port, update: ", keep: delta" });
  box.start();
  await box.ready();
}, 120_000);

afterAll(async () => {
  await box?.sweep();
  echo?.close();
  await site?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

interface Broken {
  readonly release: number;
  /** In the reason that the status shows. */
  readonly why: RegExp;
  /** Its file is never tried again. */
  readonly isRemembered: boolean;
}

/** A release that was published goes wrong, and release 2 runs on or again. */
async function endsOnSecond({ release, why, isRemembered }: Broken): Promise<void> {
  const applied = await box.update("apply", "--any-path", "--wait");
  expect(`${applied.err}${applied.out}`).toMatch(why);
  expect(applied.code).toBe(1);
  const body = await box.settled(2);
  await box.ready();
  const told = [body.last_check?.reason ?? "", ...body.steps.map(({ detail }) => detail)];
  expect(told.join("\n")).toMatch(why);
  const refused = body.refused.map((file) => file.release);
  expect(refused.includes(release)).toBe(isRemembered);
  const status = await box.update("status");
  expect(status.out).toMatch(why);
  expect(status.code).toBe(3);
  for (const suffix of [".new", ".trial"]) expect(box.has(suffix)).toBe(false);
  if (!isRemembered) return;
  const again = await box.update("check");
  expect(again.code).toBe(1);
  expect(again.out).toContain("failed here before");
}

describe("the compiled file", () => {
  test("says that nothing is newer", async () => {
    const checked = await box.update("check");
    expect(checked.out).toContain("nothing newer");
    expect(checked.code).toBe(0);
  });

  test("goes from release 1 to 2 by a delta, keeps its pid, and commits", async () => {
    const [, delta] = site.publish(2, second);
    const { pid } = box.running.process;
    const sent = site.sent;
    echo.times.length = 0;
    const applied = await box.update("apply", "--any-path", "--wait", "--json");
    expect(applied.code).toBe(0);
    const body = await box.settled(2);
    expect(site.sent - sent).toBeLessThan((delta?.octets ?? 0) + 20_000);
    expect(body.steps.map(({ step }) => step)).toEqual(["staged", "installed", "committed"]);
    expect(body.previous).toEqual({ release: 1, version: "0.2.1" });
    await box.ready();
    await Bun.sleep(300);
    // Both restarts: of the children at the swap, of all at the commit.
    console.log(`longest gap in probing: ${echo.longestGap().toFixed(0)} ms`);
    expect(echo.times.length).toBeGreaterThan(40);
    expect(echo.longestGap()).toBeLessThan(1_000);
    expect(box.running.process.exitCode).toBeNull();
    expect(isAlive(pid)).toBe(true);
    expect([box.has(".prev"), box.has(".back")]).toEqual([false, true]);
    expect(box.has(".trial")).toBe(false);
    const audit = await box.running.json<{ records: { action: string }[] }>("/api/v1/audit");
    const actions = audit.records.map(({ action }) => action);
    for (const step of ["staged", "installed", "committed"]) {
      expect(actions).toContain(`update ${step}`);
    }
    const metrics = await (await box.running.get("/metrics")).text();
    expect(metrics).toContain("patronus_update_running_release 2");
  }, 60_000);

  test("takes a release back that crashes at its start", async () => {
    site.publish(3, await site.build(3, [CRASH]));
    await endsOnSecond({ release: 3, why: /failed starts/, isRemembered: true });
  }, 60_000);

  test("takes a release back that hangs", async () => {
    site.publish(4, await site.build(4, [HANG]));
    await endsOnSecond({ release: 4, why: /not ready within 20 s/, isRemembered: true });
  }, 90_000);

  test("takes a release back whose paths do not answer", async () => {
    site.publish(5, await site.build(5, [DEAF]));
    await endsOnSecond({ release: 5, why: /serve results|no path answers/, isRemembered: true });
  }, 90_000);

  test("refuses a file of another machine", async () => {
    const file = site.damage(second, "arm", (bytes) => {
      bytes.writeUInt16LE(183, 18); // e_machine: EM_AARCH64
      return bytes;
    });
    site.publish(6, file);
    await endsOnSecond({ release: 6, why: /cannot be run|self-test/, isRemembered: true });
  }, 30_000);

  test("refuses a file that ends as the plain runtime", async () => {
    const file = site.damage(second, "trailer", (bytes) => {
      bytes.fill(0, bytes.lastIndexOf("\n---- Bun! ----\n"), bytes.lastIndexOf("---- Bun!") + 9);
      return bytes;
    });
    site.publish(7, file);
    await endsOnSecond({ release: 7, why: /self-test/, isRemembered: true });
  }, 60_000);

  test("refuses a file that was cut off before it was signed", async () => {
    const file = site.damage(second, "short", (bytes) => bytes.subarray(0, bytes.length >> 1));
    site.publish(8, file);
    await endsOnSecond({ release: 8, why: /self-test|cannot be run/, isRemembered: true });
  }, 30_000);

  test("refuses a manifest that an unknown key has signed", async () => {
    site.publish(9, second, {}, makeKey());
    await endsOnSecond({ release: 9, why: /is not trusted/, isRemembered: false });
  }, 30_000);

  test("refuses an expired manifest", async () => {
    site.publish(10, second, { created: 1_000_000, notAfter: 1_700_000_000 });
    await endsOnSecond({ release: 10, why: /expired on 2023-11-14/, isRemembered: false });
  }, 30_000);

  test("refuses an older release", async () => {
    site.publish(1, second);
    await endsOnSecond({ release: 1, why: /release 1 is older than/, isRemembered: false });
  }, 30_000);

  test("refuses a key list that another root has signed", async () => {
    site.writeKeys({ signer: makeKey() });
    site.publish(11, second);
    await endsOnSecond({ release: 11, why: /key list: signed by key/, isRemembered: false });
    site.writeKeys({});
  }, 30_000);

  test("goes on with a download that was cut, and refuses one that stays short", async () => {
    const fine = await site.build(12);
    const [, delta] = site.publish(12, fine);
    site.cutAfter = 1_000;
    const cut = await box.update("apply", "--any-path");
    expect(cut.out).toContain(`ended at 1000 of ${delta?.octets}`);
    expect(cut.code).toBe(1);
    site.cutAfter = null;
    const from = site.requests.length;
    const applied = await box.update("apply", "--any-path", "--wait");
    expect(applied.code).toBe(0);
    expect(site.requests.slice(from).join()).toContain("bytes=1000-");
    await box.settled(12);
  }, 60_000);

  test("is taken back by an operator, and does not return to what was taken back", async () => {
    const back = await box.update("rollback");
    expect(back.code).toBe(0);
    const body = await box.settled(2);
    expect(body.steps.at(-1)).toMatchObject({ step: "restored", release: 2 });
    const checked = await box.update("check");
    expect(checked.out).toMatch(/taken back by/);
    expect(checked.code).toBe(1);
  }, 30_000);

  test("tells of its updates while it does not run", async () => {
    await box.running.stop();
    const status = await box.update("status");
    expect(status.out).toContain("restored 0.2.2 (release 2)");
    expect(status.code).toBe(4);
  }, 30_000);
});
