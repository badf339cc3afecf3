/**
 * What can be told and done while no agent runs: the supervisor's memory is a file beside the
 * program, and so is what is kept of the release before.
 */

import { dirname, join } from "node:path";
import { isCompiled } from "../../domain/self.ts";
import { isTrouble } from "../../domain/update.ts";
import { VERSION } from "../../domain/version.ts";
import { createClock } from "../../io/clock.ts";
import { REAL_DISK } from "../../supervisor/update/real-disk.ts";
import { withBad, withStep } from "../../update/memory.ts";
import { placesOf } from "../../update/places.ts";
import { readMemory, writeMemory } from "../../update/program-files.ts";
import { RELEASE } from "../../update/root-keys.ts";
import { restore } from "../../updater/keep.ts";
import { openFile, tryLock } from "../../worker/libc.ts";
import type { CommandInput } from "../command.ts";
import { EXIT } from "../command.ts";
import { author } from "../failover-client.ts";
import { stepText } from "./text.ts";

const O_RDWR_CREAT_CLOEXEC = 0o2 | 0o100 | 0o2000000;

/** `message`: why the agent was not asked. */
export function showMemory(message: string, input: CommandInput): number {
  const places = placesOf(process.execPath);
  const memory = readMemory(REAL_DISK, places);
  const isTrial = REAL_DISK.exists(places.marker);
  const running = { version: VERSION, release: RELEASE };
  if (input.flag("json")) {
    console.log(JSON.stringify({ running, trial: isTrial, ...memory }));
  } else {
    console.error(message.split("\n")[0]);
    console.log(`program    ${VERSION} (release ${RELEASE})${isTrial ? ", on trial" : ""}`);
    for (const step of memory.steps.slice(-5)) console.log(`step       ${stepText(step)}`);
  }
  const last = memory.steps.at(-1);
  return last !== undefined && isTrouble(last.step) ? EXIT.degraded : EXIT.notRunning;
}

export function rollBackOffline(socket: string, input: CommandInput): number {
  const program = process.execPath;
  if (!isCompiled(Bun.main)) return refuse("this program is not one compiled file");
  const lock = openFile(join(dirname(socket), "agent.lock"), O_RDWR_CREAT_CLOEXEC, 0o600);
  if (lock.kind === "ok" && !tryLock(lock.fd)) return refuse("an agent runs, but does not answer");
  const places = placesOf(program);
  const memory = readMemory(REAL_DISK, places);
  const { previous, minRelease } = memory;
  if (previous === null) return refuse("nothing of the release before is kept");
  if (previous.release < minRelease) {
    return refuse(`release ${previous.release} is below ${minRelease}, the least that is safe`);
  }
  const answer = restore(program, previous);
  if (answer.kind === "refused") return refuse(answer.reason);
  const by = author(process.env);
  const running = {
    release: RELEASE,
    version: VERSION,
    sha256: REAL_DISK.sha256(program),
  };
  const { release, version } = previous;
  const at = Math.floor(createClock().wall() / 1_000);
  const step = { at, step: "restored", release, version, detail: `by ${by}` } as const;
  const told = withStep({ ...memory, previous: null }, step);
  writeMemory(REAL_DISK, places, withBad(told, running, `taken back by ${by}`));
  const kept = REAL_DISK.exists(places.previous) ? places.previous : places.fresh;
  REAL_DISK.rename(kept, program);
  REAL_DISK.remove(places.wayBack);
  REAL_DISK.remove(places.marker);
  REAL_DISK.syncFolder(program);
  if (input.flag("json")) console.log(JSON.stringify({ restored: { release, version } }));
  else console.log(`restored   ${version} (release ${release}); it runs at the next start`);
  return EXIT.ok;
}

function refuse(reason: string): number {
  console.error(`cannot roll back: ${reason}`);
  return EXIT.failure;
}
