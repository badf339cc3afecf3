/**
 * Who the processes are. Nothing is dropped inside a running child (Bun has threads that prctl and
 * capset do not reach): the supervisor reduces itself, re-executes so that every thread has the
 * reduced sets, and gives each child its user and capabilities in the main thread before the spawn.
 * Order and numbers: capabilities(7), prctl(2).
 */

import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { clearGroups, getCapabilities, prctl, setCapabilities, userId } from "../worker/libc.ts";

const PR_CAPBSET_READ = 23;
const PR_CAPBSET_DROP = 24;
const PR_SET_SECUREBITS = 28;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47;
const AMBIENT_RAISE = 2;
const AMBIENT_CLEAR_ALL = 4;
/** Without it, setuid from root to another user clears the ambient set. */
const SECBIT_NO_SETUID_FIXUP = 4;
/** With it, exec as uid 0 gains nothing by itself: the children stay without capabilities. */
const SECBIT_NOROOT = 1;

const CAP = {
  setgid: 6,
  setuid: 7,
  setpcap: 8,
  netBindService: 10,
  netAdmin: 12,
  netRaw: 13,
} as const;
/** CHOWN, DAC_OVERRIDE, FOWNER, KILL; what changes users; what the worker may get. */
const KEPT = [0, 1, 3, 5, ...Object.values(CAP)];
const WORKER_CAPS = [CAP.netAdmin, CAP.netRaw] as const;

/** A user of the children; a numeric one is enough, it needs no passwd entry. */
export interface ChildUser {
  readonly uid: number;
  readonly gid: number;
}

export type Separation =
  /** Own users: the controller can neither signal the others nor write what is theirs. */
  | { readonly kind: "users"; readonly controller: ChildUser; readonly worker: ChildUser }
  /** One user; the children still have only the capabilities given to them. */
  | { readonly kind: "shared"; readonly problem: string | null };

const USERS = {
  controller: { name: "patronus", fallback: 59_477 },
  worker: { name: "patronus-net", fallback: 59_478 },
} as const;

/** First stage, before the re-execution: what every thread of the supervisor will have. */
export function reduceOwnPrivileges(): void {
  if (missingForUsers().length === 0) {
    clearGroups();
    prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP);
    for (let cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++) {
      if (!KEPT.includes(cap)) prctl(PR_CAPBSET_DROP, cap);
    }
  }
  prctl(PR_SET_NO_NEW_PRIVS, 1);
}

/** Names of the capabilities that we lack to give the children users of their own. */
function missingForUsers(): string[] {
  const { effective } = getCapabilities();
  return (["setuid", "setgid", "setpcap"] as const).filter(
    (name) => (effective & (1 << CAP[name])) === 0,
  );
}

/** Decides how the children are separated. `program` are the files they must be able to read. */
export function planSeparation(program: readonly string[]): Separation {
  const missing = missingForUsers();
  if (missing.length > 0) {
    if (userId() !== 0) return { kind: "shared", problem: null };
    return shared(`root without capabilities ${missing.join(", ")}`);
  }
  const closed = program.map(closedPart).find((part) => part !== null);
  if (closed !== undefined && closed !== null) {
    return shared(`${closed} is not readable by other users; install the program elsewhere`);
  }
  return {
    kind: "users",
    controller: userNamed(USERS.controller.name, USERS.controller.fallback),
    worker: userNamed(USERS.worker.name, USERS.worker.fallback),
  };
}

function shared(reason: string): Separation {
  return { kind: "shared", problem: `processes share one user: ${reason}` };
}

/** The first folder or file on the way to `path` that others may not enter or read. */
function closedPart(path: string): string | null {
  if ((statSync(path).mode & 0o005) !== 0o005 && !statSync(path).isDirectory()) return path;
  for (let part = dirname(path); part !== "/"; part = dirname(part)) {
    if ((statSync(part).mode & 0o001) === 0) return part;
  }
  return null;
}

function userNamed(name: string, fallback: number): ChildUser {
  if (existsSync("/etc/passwd")) {
    for (const line of readFileSync("/etc/passwd", "utf8").split("\n")) {
      const [login, , uid, gid] = line.split(":");
      if (login === name) return { uid: Number(uid), gid: Number(gid) };
    }
  }
  return { uid: fallback, gid: fallback };
}

/**
 * Runs `spawn` with the network capabilities ready to pass through exec; synchronous on purpose, no
 * other spawn may fall into this window. Capabilities we do not have are not passed. The one for
 * ports below 1024 is for a reflector that listens there, and nobody else.
 */
export function withWorkerCapabilities<T>(bindsLowPort: boolean, spawn: () => T): T {
  const own = getCapabilities();
  const wanted = bindsLowPort ? [...WORKER_CAPS, CAP.netBindService] : WORKER_CAPS;
  const passed = wanted.filter((cap) => (own.permitted & (1 << cap)) !== 0);
  setCapabilities({ ...own, inheritable: passed.reduce((set, cap) => set | (1 << cap), 0) });
  for (const cap of passed) prctl(PR_CAP_AMBIENT, AMBIENT_RAISE, cap);
  try {
    return spawn();
  } finally {
    prctl(PR_CAP_AMBIENT, AMBIENT_CLEAR_ALL);
    setCapabilities({ ...own, inheritable: 0 });
  }
}

/**
 * Second stage: nothing passes through exec but what withWorkerCapabilities gives, neither by uid 0
 * nor from the ambient set of a service manager that started us as another user.
 */
export function keepChildrenPlain(): void {
  prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP | SECBIT_NOROOT);
  prctl(PR_CAP_AMBIENT, AMBIENT_CLEAR_ALL);
}

/** Before another release takes over by exec: it must start with what we were started with. */
export function regainForExec(): void {
  prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP);
  if (userId() === 0) return;
  const own = getCapabilities();
  setCapabilities({ ...own, inheritable: own.permitted });
  for (const cap of KEPT) {
    if ((own.permitted & (1 << cap)) !== 0) prctl(PR_CAP_AMBIENT, AMBIENT_RAISE, cap);
  }
}
