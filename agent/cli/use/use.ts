/**
 * `use PATH -- COMMAND...`: runs a command whose traffic leaves by this path, whatever the policies
 * decided. Its sockets carry a mark of their own (cgroup.ts) that rules lead to the path
 * (marked-way.ts). All of it goes when the command ends; what a killed one leaves marks nobody's
 * packets and is removed by the next `use` or by `routes flush`.
 */

import { constants } from "node:os";
import type { PathConfig } from "../../domain/config.ts";
import type { CommandInput } from "../command.ts";
import { EXIT, UsageError } from "../command.ts";
import { loadConfig, reportLines } from "../load-plan.ts";
import type { Kernel } from "../routes/kernel.ts";
import { openKernel } from "../routes/kernel.ts";
import type { MarkedGroup } from "./cgroup.ts";
import { groupRoot, makeGroup, sweepGroups } from "./cgroup.ts";
import { laidNumbers, layWay, markOf, removeWay, USE_MAX } from "./marked-way.ts";

/** As shells do: what was not found, what cannot be run, and 128 + the signal. */
const NOT_FOUND = 127;
const SIGNALLED = 128;

export async function usePath(input: CommandInput): Promise<number> {
  const [id = "", ...command] = input.operands;
  if (command.length === 0) throw new UsageError("missing the command: want use PATH -- COMMAND");
  const path = pathNamed(id, input);
  if (path === null) return EXIT.usage;
  const opened = openKernel();
  if (opened.kind === "refused") return complain(opened.message);
  const root = groupRoot();
  if (root === null) return complain("cannot mark sockets: no cgroup2 is mounted");
  try {
    return await runThrough(path, command, { kernel: opened.kernel, root });
  } catch (error) {
    return complain(`cannot use ${id}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    opened.kernel.close();
  }
}

type RoutedPath = PathConfig & { readonly interface: string };

/** null: the reason was told. */
function pathNamed(id: string, input: CommandInput): RoutedPath | null {
  const loaded = loadConfig(input.text("config"));
  if (loaded.kind !== "config") {
    const problems = loaded.kind === "none" ? [] : reportLines(loaded.problems, []);
    complain(["cannot find paths without a configuration", ...problems].join("\n"));
    return null;
  }
  const path = loaded.config.paths.find((one) => one.id === id);
  if (path === undefined) {
    const known = loaded.config.paths.map((one) => one.id).join(", ");
    complain(`cannot find the path ${JSON.stringify(id)}: want one of ${known}`);
    return null;
  }
  if (path.interface !== null) return { ...path, interface: path.interface };
  complain(`cannot use ${id}: it has no interface`);
  return null;
}

interface Means {
  readonly kernel: Kernel;
  readonly root: string;
}

async function runThrough(
  path: RoutedPath,
  command: readonly string[],
  { kernel, root }: Means,
): Promise<number> {
  sweepUses(kernel);
  const laid = laidNumbers(kernel.socket);
  const number = Array.from({ length: USE_MAX }, (_, i) => i + 1).find((one) => !laid.has(one));
  if (number === undefined) return complain(`cannot use ${path.id}: ${USE_MAX} others run`);
  let group: MarkedGroup | null = null;
  try {
    const { interface: device, gateway } = path;
    const families = layWay(kernel.socket, number, { device, gateway }, kernel.read([device]));
    if (families.length === 0) throw new Error(`no gateway is known on ${device}, or it is down`);
    group = makeGroup(root, number, markOf(number));
    return await runMarked(group, command);
  } finally {
    if (group === null || group.leave()) removeWay(kernel.socket, number);
    else console.error("processes of the command still run; their way stays until they end");
  }
}

async function runMarked(group: MarkedGroup, command: readonly string[]): Promise<number> {
  group.enter();
  // Ctrl-C reaches the command too, and it decides what that means.
  for (const signal of ["SIGINT", "SIGQUIT"] as const) process.on(signal, () => {});
  let child: ReturnType<typeof start>;
  try {
    child = start(command);
  } catch (error) {
    complain(error instanceof Error ? error.message : String(error));
    return NOT_FOUND;
  }
  for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  await child.exited;
  const { exitCode, signalCode } = child;
  const numbers: Readonly<Record<string, number>> = constants.signals;
  return exitCode ?? SIGNALLED + (numbers[`${signalCode}`] ?? 0);
}

function start(command: readonly string[]) {
  return Bun.spawn([...command], { stdio: ["inherit", "inherit", "inherit"] });
}

/** Removes what commands left that were killed; how many rules and routes. */
export function sweepUses(kernel: Kernel): number {
  const root = groupRoot();
  const inUse = root === null ? new Set<number>() : sweepGroups(root);
  const left = [...laidNumbers(kernel.socket)].filter((number) => !inUse.has(number));
  return left.reduce((sum, number) => sum + removeWay(kernel.socket, number), 0);
}

function complain(message: string): number {
  console.error(message);
  return EXIT.failure;
}
