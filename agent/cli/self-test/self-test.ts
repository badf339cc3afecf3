/**
 * `self-test`: what of this machine the agent can use. An updater runs it with a nonce: a damaged
 * file ends well as another program, but cannot repeat the nonce beside its version.
 */

import { parseBuiltin } from "../../config/builtin.ts";
import type { AgentConfig } from "../../domain/config.ts";
import { GIT, TARGET, VERSION } from "../../domain/version.ts";
import { sanitize } from "../../io/log.ts";
import { CORE_ABI } from "../../scoring/core-abi.ts";
import type { CommandInput } from "../command.ts";
import { EXIT, UsageError } from "../command.ts";
import { loadConfig, reportLines } from "../load-plan.ts";
import { scratchFolder } from "../places.ts";
import type { Check } from "./check.ts";
import { failed, ok, verdictOf } from "./check.ts";

const NONCE = /^[A-Za-z0-9_-]{1,128}$/;

export async function selfTest(input: CommandInput): Promise<number> {
  const nonce = input.text("nonce") ?? null;
  if (nonce !== null && !NONCE.test(nonce)) {
    throw new UsageError("cannot use the nonce: want 1 to 128 letters, digits, _ and -");
  }
  const checks = await runChecks(input.text("config"));
  const verdict = verdictOf(checks);
  const facts = { version: VERSION, git: GIT, target: TARGET, core_abi: CORE_ABI, nonce };
  if (input.flag("json")) {
    console.log(JSON.stringify({ ...facts, verdict, checks }));
  } else {
    const repeated = nonce === null ? "" : ` nonce ${nonce}`;
    console.log(`patronus-agent ${VERSION} (${GIT}, ${TARGET})${repeated}`);
    for (const check of checks) console.log(lineOf(check));
    console.log(verdict);
  }
  if (verdict === "failed") return EXIT.failure;
  return verdict === "degraded" ? EXIT.degraded : EXIT.ok;
}

/** `file`: the configuration, as loadConfig() takes it. */
export async function runChecks(file: string | undefined): Promise<readonly Check[]> {
  const { coreCheck, listenCheck, storeCheck } = await import("./places.ts");
  const { machineChecks } = await import("./machine.ts");
  const { check, config } = configCheck(file);
  const kernel = machineChecks();
  return [...kernel, coreCheck(), check, storeCheck(config), await listenCheck(config)];
}

/** Where the configuration is of no use the built-in one says what else to look at. */
function configCheck(file: string | undefined): { check: Check; config: AgentConfig } {
  const loaded = loadConfig(file);
  if (loaded.kind === "config") {
    const count = loaded.warnings.length;
    const noted = count === 0 ? "" : `, ${count} warnings (check-config)`;
    return { check: ok("config", `${loaded.config.origin}${noted}`), config: loaded.config };
  }
  const config = builtin();
  if (loaded.kind === "none") return { check: ok("config", "none: watches loopback"), config };
  const [first = "problems"] = reportLines(loaded.problems, []);
  return { check: failed("config", first, "mend it: patronus-agent check-config"), config };
}

function builtin(): AgentConfig {
  const folder = scratchFolder(process.getuid?.() ?? 0);
  const places = { storagePath: `${folder}/patronus.db`, socket: `${folder}/agent.sock` };
  const parsed = parseBuiltin({}, [], { nodeId: "self-test", ...places });
  if (parsed.kind === "invalid") throw new Error("the built-in configuration has problems");
  return parsed.config;
}

function lineOf({ name, state, detail, advice }: Check): string {
  const next = advice === null ? "" : `\n${" ".repeat(24)}-> ${advice}`;
  return `${state.padEnd(9)} ${name.padEnd(13)} ${sanitize(detail)}${next}`;
}
