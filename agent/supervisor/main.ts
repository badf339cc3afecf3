/**
 * The first process: what the service manager started. It reads the configuration, reduces its
 * privileges, re-executes itself, then starts, watches and restarts the other two. It talks to
 * nobody outside the box.
 */

import { closeSync, readFileSync } from "node:fs";
import type { RunPlan } from "../domain/run-plan.ts";
import { selfCommand } from "../domain/self.ts";
import { execute, memoryFile, writeFd } from "../worker/libc.ts";
import { reduceOwnPrivileges } from "./credentials.ts";
import { EXIT_UNUSABLE, withoutFfi } from "./degraded.ts";
import { cleanEnvironment, readerEnvironment } from "./environment.ts";
import type { Start } from "./supervisor.ts";
import { Supervisor } from "./supervisor.ts";

const PLAN_FD = "PATRONUS_PLAN_FD";

export type PlanResult =
  | { readonly kind: "plan"; readonly plan: RunPlan }
  /** Already explained to the operator. */
  | { readonly kind: "stop"; readonly exitCode: number };

export type PlanLoader = (args: readonly string[]) => Promise<PlanResult>;

/** `args`: everything behind `run`. Answers with the exit code, after a long life. */
export async function runSupervisor(
  args: readonly string[],
  loadPlan: PlanLoader,
): Promise<number> {
  const planFd = process.env[PLAN_FD];
  if (planFd === undefined) return firstStage(args, loadPlan);
  delete process.env[PLAN_FD];
  const command = selfCommand(process.execPath, Bun.main);
  return new Supervisor(readStart(Number(planFd)), command, args).run();
}

/** Configuration, then the same program again with reduced rights and a clean environment. */
async function firstStage(args: readonly string[], loadPlan: PlanLoader): Promise<number> {
  const loaded = await loadPlan(args);
  if (loaded.kind === "stop") return loaded.exitCode;
  const [program, ...rest] = selfCommand(process.execPath, Bun.main);
  const unusable = withoutFfi([program, ...rest], args);
  if (unusable !== null) {
    process.stderr.write(`${unusable}\n`);
    return EXIT_UNUSABLE;
  }
  const fd = startFile({ plan: loaded.plan, reader: readerEnvironment(process.env) });
  reduceOwnPrivileges();
  const environment = { ...cleanEnvironment(process.env), [PLAN_FD]: String(fd) };
  const errno = execute(program, [program, ...rest, "run", ...args], environment);
  throw new Error(`cannot re-execute ${program}: errno ${errno}`);
}

function startFile(start: Start): number {
  const opened = memoryFile("patronus-plan");
  if (opened.kind === "failed") throw new Error(`cannot make a memory file: ${opened.errno}`);
  const bytes = new TextEncoder().encode(JSON.stringify(start));
  for (let at = 0; at < bytes.byteLength; ) {
    const put = writeFd(opened.fd, bytes.subarray(at));
    if (put < 0) throw new Error(`cannot write the plan: errno ${-put}`);
    at += put;
  }
  return opened.fd;
}

function readStart(fd: number): Start {
  const text = readFileSync(`/proc/self/fd/${fd}`, "utf8");
  closeSync(fd);
  // Written by firstStage of this very program: typed there.
  const start: Start = JSON.parse(text);
  return start;
}
