import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, micros, US_PER_MS } from "../../../../agent/domain/units.ts";
import type { DeskHost } from "../../../../agent/supervisor/update/desk.ts";
import { UpdateDesk } from "../../../../agent/supervisor/update/desk.ts";
import { REAL_DISK } from "../../../../agent/supervisor/update/real-disk.ts";
import { EMPTY_MEMORY } from "../../../../agent/update/memory.ts";
import { placesOf } from "../../../../agent/update/places.ts";
import type { Disk } from "../../../../agent/update/program-files.ts";
import { readMemory, writeMemory } from "../../../../agent/update/program-files.ts";
import type { UpdaterAnswer, UpdaterTask } from "../../../../agent/updater/protocol.ts";
import { decodeJson } from "../../../../agent/wire/frame.ts";
import type { UpdateReport } from "../../../../agent/wire/update-frames.ts";
import { agentConfig } from "../../../support/configs.ts";
import { cutDisk } from "../../../support/cut-disk.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { FakeLog } from "../../../support/fake-log.ts";
import { sha } from "../../../support/update-documents.ts";

const OLD = { release: 0, version: "0.1.0", sha256: sha("old program") };
const NEW = { release: 2, version: "0.2.0", sha256: sha("new program") };
const STAGED: UpdaterAnswer = {
  kind: "staged",
  staged: {
    ...{ ...NEW, before: OLD, minRelease: 0, keysVersion: 1, created: 5 },
    ...{ how: "delta", octets: 30 },
  },
};

let folder: string;
let program: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "desk-"));
  program = join(folder, "patronus-agent");
  writeFileSync(program, "old program");
});

afterEach(() => rmSync(folder, { recursive: true }));

const content = () => readFileSync(program, "utf8");
const has = (suffix: string) => existsSync(`${program}${suffix}`);

interface Start {
  readonly answer?: UpdaterAnswer;
  readonly disk?: Disk;
  /** What the new program says against the configuration. */
  readonly problem?: string | null;
}

function start({ answer = STAGED, problem = null, disk = REAL_DISK }: Start = {}) {
  const clock = new FakeClock();
  const calls: string[] = [];
  const reports: UpdateReport[] = [];
  const base = agentConfig([]);
  const host: DeskHost = {
    ...{ log: new FakeLog(), disk, program, args: ["--config", "/etc/x.yaml"] },
    config: () => ({ ...base, update: { ...base.update, trial_secs: 60, keep: "file" } }),
    now: () => clock.monotonic(),
    wall: () => Math.floor(clock.wall() / 1_000),
    tell: (frame) => void reports.push(decodeJson(frame) as UpdateReport),
    later: (ms, run) => void clock.arm(after(clock.monotonic(), micros(ms * US_PER_MS)), run),
    runUpdater(task: UpdaterTask) {
      calls.push(task.kind);
      if (task.kind === "stage") {
        expect(task.selfTest).toEqual(["--config", "/etc/x.yaml"]);
        if (answer.kind === "staged") writeFileSync(`${program}.new`, "new program");
        return Promise.resolve(answer);
      }
      return Promise.resolve({ kind: "done" });
    },
    renewChildren() {
      calls.push("renew");
      return Promise.resolve(problem);
    },
    returnChildren: () => void calls.push("return"),
    takeOver: () => void calls.push("take over"),
  };
  const desk = new UpdateDesk(host);
  const steps = () =>
    readMemory(REAL_DISK, placesOf(program)).steps.map(({ step, detail }) => ({ step, detail }));
  const ready = () => {
    desk.becameReady("controller");
    desk.becameReady("worker");
  };
  return { desk, clock, calls, reports, steps, ready };
}

const settle = async () => {
  for (let i = 0; i < 10; i++) await Promise.resolve();
};

async function installed(options: Start = {}) {
  const started = start(options);
  started.desk.take({ kind: "install", answering: 1 });
  await settle();
  return started;
}

describe("UpdateDesk", () => {
  test("installs, watches, commits, and takes over only then", async () => {
    const { desk, clock, calls, steps, ready } = await installed();
    expect(content()).toBe("new program");
    expect([has(".prev"), has(".trial"), desk.isTrial]).toEqual([true, true, true]);
    ready();
    for (let i = 0; i < 60; i++) {
      desk.take({ kind: "health", ready: true, answering: 1 });
      clock.advance(1_000);
    }
    await settle();
    expect(calls).toEqual(["stage", "renew", "take over"]);
    expect(steps().map(({ step }) => step)).toEqual(["staged", "installed", "committed"]);
    expect([has(".trial"), content()]).toEqual([false, "new program"]);
  });

  test("takes no other order while one is under way, nor until it has taken over", async () => {
    const { desk, clock, calls, ready } = await installed();
    desk.take({ kind: "install", answering: 1 });
    desk.take({ kind: "roll-back", author: "ann" });
    ready();
    for (let i = 0; i < 61; i++) {
      desk.take({ kind: "health", ready: true, answering: 1 });
      clock.advance(1_000);
    }
    await settle();
    desk.take({ kind: "roll-back", author: "ann" });
    await settle();
    expect(calls).toEqual(["stage", "renew", "take over"]);
  });

  test("the third death brings the file back at once, and the children of it", async () => {
    const { desk, calls, steps, reports } = await installed();
    for (let i = 0; i < 3; i++) desk.died("controller", "exit code 1");
    expect(content()).toBe("old program");
    expect(calls).toEqual(["stage", "renew", "return"]);
    expect(steps().at(-1)).toEqual({
      step: "rolled-back",
      detail: "3 failed starts (controller: exit code 1)",
    });
    desk.report();
    expect(reports.at(-1)).toMatchObject({ activity: "idle", bad: [{ release: 2 }] });
  });

  test("children that do not get ready bring the file back", async () => {
    const { clock } = await installed();
    clock.advance(19_000);
    expect(content()).toBe("new program");
    clock.advance(1_500);
    expect(content()).toBe("old program");
  });

  test("a new program that refuses the configuration is taken back", async () => {
    const { calls, steps } = await installed({ problem: "it refuses the configuration" });
    expect(content()).toBe("old program");
    expect(calls.at(-1)).toBe("return");
    expect(steps().at(-1)?.detail).toBe("it refuses the configuration");
  });

  test("a refused file is remembered when it is at fault, and only then", async () => {
    for (const file of [NEW, null]) {
      const answer = { kind: "refused", reason: "no good", file } as const;
      const { reports, steps } = await installed({ answer });
      expect(content()).toBe("old program");
      expect(steps().at(-1)).toEqual({ step: "refused", detail: "no good" });
      expect(reports.at(-1)?.activity).toBe("idle");
      expect(reports.at(-1)?.bad.length).toBe(1); // of the first round
    }
  });

  test("started in a trial by the new file, it goes back by starting the old one", async () => {
    await installed();
    const { desk, calls } = start();
    expect(desk.isTrial).toBe(true);
    for (let i = 0; i < 3; i++) desk.died("worker", "signal SIGSEGV");
    expect(content()).toBe("old program");
    expect(calls).toEqual(["take over"]);
  });

  test("a disk that fails in the middle of the swap leaves the old program and no marker", async () => {
    for (const after of [5, 6, 7, 8, 9, 10]) {
      const disk = cutDisk(REAL_DISK, after, 1);
      const { steps, desk } = await installed({ disk });
      expect([after, content()]).toEqual([after, "old program"]);
      expect([has(".trial"), desk.isTrial]).toEqual([false, false]);
      expect(steps().at(-1)?.step).toBe("refused");
      for (const suffix of [".prev", ".update", ".prev.link"]) {
        rmSync(`${program}${suffix}`, { force: true });
      }
    }
  });

  test("an orderly end in a trial is no failed start", async () => {
    await installed();
    for (let i = 0; i < 6; i++) {
      const { desk } = start();
      expect(desk.isTrial).toBe(true);
      desk.stopping();
    }
    for (let i = 0; i < 3; i++) expect(start().desk.isTrial).toBe(true);
    expect(start().desk.mustRestart).toBe(true);
  });

  test("an operator goes back to what is kept, but not below the least that is safe", async () => {
    const places = placesOf(program);
    const memory = { ...EMPTY_MEMORY, previous: NEW };
    writeMemory(REAL_DISK, places, { ...memory, minRelease: 3 });
    writeFileSync(places.previous, "new program");
    const refused = start();
    refused.desk.take({ kind: "roll-back", author: "ann" });
    await settle();
    expect(refused.calls).toEqual([]);
    expect(refused.steps().at(-1)?.detail).toContain("below 3");
    writeMemory(REAL_DISK, places, { ...memory, minRelease: 2 });
    const { desk, calls, steps } = start();
    desk.take({ kind: "roll-back", author: "ann" });
    await settle();
    expect([content(), has(".prev")]).toEqual(["new program", false]);
    expect(calls).toEqual(["restore", "take over"]);
    expect(steps().at(-1)).toEqual({ step: "restored", detail: "by ann" });
  });

  test("notes what the operators' journal has, once", () => {
    const { desk, reports } = start();
    desk.take({ kind: "noted", number: 5 });
    desk.take({ kind: "look" });
    expect(reports.at(-1)?.noted).toBe(0);
  });
});
