/**
 * `routes show`, `routes plan` and `routes flush`: what is ours in the kernel, what should be, and
 * the way back to the state before the first start. They speak netlink themselves, so they work
 * with and without a running agent, and flush works without a readable configuration too.
 */

import { DEFAULT_STORAGE } from "../../config/storage.ts";
import { openRouteMemory, routeMemoryFile } from "../../io/route-memory.ts";
import { asIpCommands } from "../../routing/ip-commands.ts";
import type { CommandInput } from "../command.ts";
import { EXIT, UsageError } from "../command.ts";
import { loadConfig, reportLines } from "../load-plan.ts";
import { socketPath } from "../socket-path.ts";
import { sweepUses } from "../use/use.ts";
import type { Kernel } from "./kernel.ts";
import { openKernel, removal } from "./kernel.ts";
import { routeLines, routeRows, ruleLines, ruleRows } from "./listing.ts";
import type { RoutePicture } from "./planned.ts";
import { devicesOf, pictureOf } from "./planned.ts";
import { isAgentRunning, policiesNow } from "./policies-now.ts";

export async function manageRoutes(input: CommandInput): Promise<number> {
  const [what = "show", ...more] = input.operands;
  if (more.length > 0 || !["show", "plan", "flush"].includes(what)) {
    throw new UsageError(
      `cannot use ${JSON.stringify(input.operands.join(" "))}: want show, plan or flush`,
    );
  }
  const opened = openKernel();
  if (opened.kind === "refused") {
    console.error(opened.message);
    return EXIT.failure;
  }
  try {
    if (what === "flush") return await flush(input, opened.kernel);
    return await compare(input, opened.kernel, what === "plan");
  } finally {
    opened.kernel.close();
  }
}

async function compare(input: CommandInput, kernel: Kernel, isPlan: boolean): Promise<number> {
  const loaded = loadConfig(input.text("config"));
  if (loaded.kind !== "config") {
    const problems = loaded.kind === "none" ? [] : reportLines(loaded.problems, []);
    console.error(["cannot plan without a configuration", ...problems].join("\n"));
    return EXIT.usage;
  }
  const now = await policiesNow(loaded.config, await socketPath(input));
  const { config, memory, actives, isRunning } = now;
  for (const problem of now.problems) console.error(`warning: ${problem}`);
  const state = kernel.read(devicesOf(config));
  if (state.problems.length > 0) {
    console.error(state.problems.join("\n"));
    return EXIT.failure;
  }
  const picture = pictureOf({ config, state, memory, actives });
  const difference = asIpCommands(picture.operations, state.links);
  if (isPlan) {
    printPlan(input, difference, picture);
    return EXIT.ok;
  }
  const rules = ruleRows(state, picture.book);
  const routes = routeRows(state, picture.book);
  const { notes } = picture;
  if (input.flag("json")) {
    const body = { agent_running: isRunning, rules, routes, difference, notes };
    console.log(JSON.stringify(body));
  } else {
    const parts = [...ruleLines(rules), "", ...routeLines(routes), ""];
    console.log([...parts, ...differenceLines(difference, isRunning), ...notes].join("\n"));
  }
  return difference.length === 0 ? EXIT.ok : EXIT.degraded;
}

function differenceLines(difference: readonly string[], isRunning: boolean): readonly string[] {
  if (difference.length === 0) return ["The kernel has what the configuration asks for."];
  const who = isRunning ? "the agent runs and has not done" : "no agent runs to do";
  return [`Missing, ${who} it:`, ...difference.map((line) => `  ${line}`)];
}

function printPlan(input: CommandInput, commands: readonly string[], picture: RoutePicture): void {
  if (input.flag("json")) {
    console.log(JSON.stringify({ commands, notes: picture.notes }));
    return;
  }
  for (const note of picture.notes) console.error(`warning: ${note}`);
  if (commands.length > 0) console.log(commands.join("\n"));
  else console.error("nothing to do: the kernel has what the configuration asks for");
}

// --- flush ---------------------------------------------------------------------------------------

async function flush(input: CommandInput, kernel: Kernel): Promise<number> {
  const isDry = input.flag("dry-run");
  if (!isDry && !input.flag("force") && (await isAgentRunning(await socketPath(input)))) {
    console.error("cannot flush: an agent runs and would put everything back");
    console.error("stop it first, or use --force");
    return EXIT.failure;
  }
  const memory = openRouteMemory(routeMemoryFile(storagePath(input)));
  const links = memory.load()?.links ?? [];
  const devices = links.map(({ device }) => device);
  const before = kernel.read(devices);
  const operations = removal(before, links);
  const commands = asIpCommands(operations, before.links);
  if (isDry) {
    if (commands.length > 0) console.log(commands.join("\n"));
    return EXIT.ok;
  }
  const refused = operations.flatMap((operation) => {
    const words = kernel.carryOut(operation);
    return words === null
      ? []
      : [`${asIpCommands([operation], before.links).join("; ")}: ${words}`];
  });
  const swept = sweepUses(kernel);
  const left = asIpCommands(removal(kernel.read(devices), links), before.links);
  for (const line of [...before.problems, ...refused]) console.error(line);
  if (left.length > 0 || refused.length > 0) {
    console.error(`cannot remove everything: ${left.length} left`);
    return EXIT.failure;
  }
  memory.forget();
  console.log(`removed ${commands.length + swept} rules, routes and settings`);
  return EXIT.ok;
}

/** A configuration that cannot be read must not keep anybody from cleaning up. */
function storagePath(input: CommandInput): string {
  const loaded = loadConfig(input.text("config"));
  return (loaded.kind === "config" ? loaded.config.storage : DEFAULT_STORAGE).path;
}
