/** The worker's start: make the process safe, check that its parent is alive, then probe. */

import type { EchoResponder } from "./echo.ts";
import { openEcho, parseEchoListen } from "./echo.ts";
import { ignoreSignals, parentPid, prctl, setCloseOnExec } from "./libc.ts";
import { Worker } from "./worker.ts";

/** HUP, INT, QUIT, USR1, USR2, TERM: the end comes over the control pair only. */
const IGNORED_SIGNALS = [1, 2, 3, 10, 12, 15] as const;
const SIGKILL = 9;
const PR_SET_PDEATHSIG = 1;
const PR_SET_DUMPABLE = 4;
const CONTROL_FD = 3;
const DATA_FD = 4;
const EXIT_USAGE = 2;
const ECHO_FLAG = "--echo=";

/** `<parentPid> <generation> [--echo=ADDRESS:PORT]`; returns the exit code. */
export function runWorker(args: readonly string[]): number {
  ignoreSignals(IGNORED_SIGNALS);
  prctl(PR_SET_DUMPABLE, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const [parent, generation] = [Number(args[0]), Number(args[1])];
  // The signal above is not sent for a parent that died before it was asked for.
  if (parentPid() !== parent || !Number.isInteger(generation)) return EXIT_USAGE;
  setCloseOnExec(CONTROL_FD, true);
  setCloseOnExec(DATA_FD, true);
  new Worker({
    control: CONTROL_FD,
    data: DATA_FD,
    generation,
    seed: crypto.getRandomValues(new Int32Array(1))[0] ?? 0,
    pid: process.pid,
    echo: echoOf(args),
  }).run();
  return 0;
}

/** Without the port there is no responder: its path shows as down, which is what is true then. */
function echoOf(args: readonly string[]): EchoResponder | null {
  const flag = args.find((arg) => arg.startsWith(ECHO_FLAG));
  const endpoint = flag === undefined ? null : parseEchoListen(flag.slice(ECHO_FLAG.length));
  return endpoint === null ? null : openEcho(endpoint);
}
