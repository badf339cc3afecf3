/** The log of one of our processes, as the run plan wants it. Standard output is for tables. */

import type { Log } from "../controller/ports.ts";
import type { Display } from "../domain/run-plan.ts";
import { createClock } from "./clock.ts";
import { createLog, wantsPriority } from "./log.ts";

export function createProcessLog(role: "supervisor" | "controller", display: Display): Log {
  return createLog({
    stream: "stderr",
    terminal: display.terminal,
    color: display.color,
    priority: wantsPriority(process.env),
    level: display.level,
    role,
    clock: createClock(),
  });
}
