/** A loaded host around a measurement: every core busy, a process that is not run for a while. */

import { availableParallelism } from "node:os";

/** One endless loop per core, at the priority of everybody, while `body` runs. */
export async function whileBusy<T>(body: () => Promise<T>): Promise<T> {
  const loops = Array.from({ length: availableParallelism() }, () =>
    Bun.spawn(["timeout", "300", "sh", "-c", "while :; do :; done"]),
  );
  try {
    return await body();
  } finally {
    for (const loop of loops) loop.kill("SIGTERM"); // timeout passes it on
    await Promise.all(loops.map(({ exited }) => exited));
  }
}

const STOP_MS = 80;
const STOP_EVERY_MS = 500;

/** Stops a process for 80 ms twice a second, as a busy event loop would, while `body` runs. */
export async function whileStopped<T>(pid: number, body: () => Promise<T>): Promise<T> {
  const state = { isOver: false };
  const stops = stopAgainAndAgain(pid, state);
  try {
    return await body();
  } finally {
    state.isOver = true;
    await stops;
  }
}

async function stopAgainAndAgain(pid: number, state: { isOver: boolean }): Promise<void> {
  while (!state.isOver && signal(pid, "SIGSTOP")) {
    await Bun.sleep(STOP_MS);
    if (!signal(pid, "SIGCONT")) return;
    await Bun.sleep(STOP_EVERY_MS - STOP_MS);
  }
}

/** False when the process is gone. */
function signal(pid: number, name: "SIGSTOP" | "SIGCONT"): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}
