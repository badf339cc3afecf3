/**
 * `install`: users, folders, program, command link, units or init script. Nothing is started, and a
 * configuration that is there is never touched.
 */

import { readFileSync } from "node:fs";
import { TARGET } from "../../domain/version.ts";
import type { CommandInput } from "../command.ts";
import { EXIT, UsageError } from "../command.ts";
import { withAccount } from "./accounts.ts";
import { assetsFor } from "./assets.ts";
import type { Told } from "./box.ts";
import { Box } from "./box.ts";
import type { Finding } from "./checks.ts";
import {
  checkLibraries,
  checkMount,
  checkPort,
  checkRoom,
  existing,
  freeOctets,
  parseMounts,
} from "./checks.ts";
import type { Places, ServiceManager } from "./places.ts";
import {
  COMMAND_LINK,
  CONFIG_FILE,
  CONFIG_FOLDER,
  DEFAULT_PREFIX,
  ownerOfPrefix,
  placesOf,
  SERVICE,
  usersOf,
} from "./places.ts";
import { readRecord, writeRecord } from "./record.ts";

const PORT = 9477;
const GROUP = "patronus";
const MOUNTS = "/proc/self/mounts";

export async function install(input: CommandInput): Promise<number> {
  const root = rootOf(input);
  const isDry = input.flag("dry-run");
  if (process.getuid?.() !== 0 && !isDry) {
    console.error("cannot install: it makes users and services, run it as root");
    return EXIT.failure;
  }
  const told: Told[] = [];
  const box = new Box(root, isDry, (one) => told.push(one));
  const manager = managerOf(input, box);
  if (manager === null) {
    console.error("cannot tell the service manager of this box: say --systemd or --openwrt");
    return EXIT.failure;
  }
  const places = placesOf(manager, prefixOf(input));
  const findings = findingsFor(box, places);
  const isPossible = !findings.some(isError);
  if (isPossible) findings.push(...carriedOut(box, places));
  report({ told, findings, input, box, places });
  return findings.some(isError) ? EXIT.failure : EXIT.ok;
}

function isError({ level }: Finding): boolean {
  return level === "error";
}

/** What went wrong on the way; the rest is done. */
function carriedOut(box: Box, places: Places): Finding[] {
  const findings: Finding[] = [];
  try {
    carryOut(box, places);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    findings.push({ level: "error", text: `stopped half-way: ${why}; run install again` });
  }
  for (const command of box.failed) {
    findings.push({ level: "warning", text: `\`${command}\` failed: do it by hand` });
  }
  return findings;
}

export function rootOf(input: CommandInput): string {
  const root = input.text("root") ?? "/";
  if (!root.startsWith("/")) throw new UsageError(`cannot use --root ${root}: want a whole path`);
  return root;
}

function prefixOf(input: CommandInput): string {
  const prefix = input.text("prefix") ?? DEFAULT_PREFIX;
  if (!/^\/[A-Za-z0-9._/-]+$/.test(prefix)) {
    throw new UsageError(`cannot use --prefix ${prefix}: want a path without spaces`);
  }
  return prefix.replace(/\/+$/, "");
}

/** null: neither of them is there. */
function managerOf(input: CommandInput, box: Box): ServiceManager | null {
  const [systemd, openwrt] = [input.flag("systemd"), input.flag("openwrt")];
  if (systemd && openwrt) throw new UsageError("cannot use both --systemd and --openwrt");
  if (systemd) return "systemd";
  if (openwrt) return "openwrt";
  if (box.has("/etc/openwrt_release")) return "openwrt";
  const folders = ["/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];
  return folders.some((folder) => box.has(folder)) ? "systemd" : null;
}

function findingsFor(box: Box, { prefix, program }: Places): Finding[] {
  const size = Bun.file(process.execPath).size;
  const folder = existing(box.at(prefix));
  const room = { needed: box.has(program) ? 0 : size, free: freeOctets(folder), program: size };
  return [
    ...checkLibraries(box.root, TARGET),
    ...(box.isRunning ? mountFindings(prefix) : []),
    ...checkRoom(prefix, room),
    ...(box.isRunning && readRecord(box) === null ? checkPort(PORT, null) : []),
  ];
}

function mountFindings(prefix: string): Finding[] {
  let text: string;
  try {
    text = readFileSync(MOUNTS, "utf8");
  } catch {
    const unknown = `whether ${prefix} runs programs was not checked`;
    return [{ level: "warning", text: `cannot read ${MOUNTS}, is /proc mounted? ${unknown}` }];
  }
  return checkMount(parseMounts(text), prefix);
}

function carryOut(box: Box, places: Places): void {
  const { manager, prefix, program, state } = places;
  const before = readRecord(box);
  const users = makeUsers(box, manager);
  const owner = ownerOfPrefix(manager);
  const isSystemd = manager === "systemd";
  const own = owner === "root" ? {} : { user: owner, group: GROUP };
  const stateForm = { mode: 0o770, user: isSystemd ? owner : GROUP, group: GROUP };
  const folders = [
    [prefix, box.folder(prefix, { mode: 0o755, ...own })],
    [CONFIG_FOLDER, box.folder(CONFIG_FOLDER, { mode: 0o750, group: GROUP })],
    [state, box.folder(state, stateForm)],
  ] as const;
  // Before anything large: an installation that stops half-way can be removed.
  writeRecord(box, {
    ...{ manager, prefix },
    users: [...new Set([...(before?.users ?? []), ...users])],
    folders: [
      ...new Set([
        ...(before?.folders ?? []),
        ...folders.flatMap(([path, change]) => (change === "made" ? [path] : [])),
      ]),
    ],
  });
  box.copy(process.execPath, program, { mode: 0o755, ...own });
  const assets = assetsFor(places);
  box.file(`${prefix}/rollback.sh`, assets.rollbackScript, { mode: 0o755 });
  box.link(COMMAND_LINK, program);
  if (isSystemd) {
    box.file(`/etc/systemd/system/${SERVICE}.service`, assets.service, { mode: 0o644 });
    box.file("/etc/systemd/system/patronus-rollback.service", assets.rollbackUnit, { mode: 0o644 });
    box.run("systemctl", "daemon-reload");
    box.run("systemctl", "enable", "--quiet", SERVICE);
  } else {
    box.file(`/etc/init.d/${SERVICE}`, assets.initScript, { mode: 0o755 });
    box.run(`/etc/init.d/${SERVICE}`, "enable");
  }
}

/** Names of those that were not there. Text, because OpenWrt and a folder have no useradd. */
function makeUsers(box: Box, manager: ServiceManager): string[] {
  const files = {
    passwd: box.read("/etc/passwd") ?? "",
    group: box.read("/etc/group") ?? "",
    shadow: box.read("/etc/shadow"),
  };
  let next = files;
  const made: string[] = [];
  for (const user of usersOf(manager)) {
    const { passwd } = next;
    next = withAccount(next, user);
    if (next.passwd !== passwd) made.push(user.name);
  }
  box.edit("/etc/group", next.group);
  box.edit("/etc/passwd", next.passwd);
  if (next.shadow !== null) box.edit("/etc/shadow", next.shadow);
  return made;
}

interface Report {
  readonly told: readonly Told[];
  readonly findings: readonly Finding[];
  readonly input: CommandInput;
  readonly box: Box;
  readonly places: Places;
}

function report({ told, findings, input, box, places }: Report): void {
  const next = nextSteps(box, places);
  if (input.flag("json")) {
    console.log(JSON.stringify({ dry_run: box.isDry, steps: told, findings, next }));
    return;
  }
  for (const { change, what } of told)
    console.log(`${label(change, box.isDry).padEnd(13)} ${what}`);
  for (const { level, text } of findings) console.error(`${level}: ${text}`);
  if (findings.some(isError)) {
    if (told.length === 0) console.error("nothing was changed");
    return;
  }
  for (const line of next) console.log(`next: ${line}`);
}

export function label(change: Told["change"], isDry: boolean): string {
  if (!isDry) return change;
  const words = { made: "make", changed: "change", removed: "remove", same: "same", kept: "keep" };
  return change === "same" || change === "kept" ? words[change] : `would ${words[change]}`;
}

function nextSteps(box: Box, { manager, state }: Places): string[] {
  const start =
    manager === "systemd" ? `systemctl start ${SERVICE}` : `/etc/init.d/${SERVICE} start`;
  const write = [`patronus-agent init -o ${CONFIG_FILE}, then look at it`];
  if (manager === "openwrt") {
    write.push(`set storage.path: ${state}/patronus.db (what is below /var is in memory here)`);
  }
  return [...(box.has(CONFIG_FILE) ? [] : write), start];
}
