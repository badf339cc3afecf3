/**
 * `uninstall`: stops the service, takes our rules and routes out of the kernel, removes program,
 * link and units. Configuration, history and users stay unless `--purge`.
 */

import type { CommandInput } from "../command.ts";
import { EXIT } from "../command.ts";
import { withoutAccount } from "./accounts.ts";
import type { Told } from "./box.ts";
import { Box } from "./box.ts";
import { label, rootOf } from "./install.ts";
import type { Places } from "./places.ts";
import { COMMAND_LINK, CONFIG_FILE, CONFIG_FOLDER, placesOf, SERVICE, usersOf } from "./places.ts";
import type { InstallRecord } from "./record.ts";
import { readRecord } from "./record.ts";

/** Of the program and its updates, beside it. */
const OWN_FILES = [
  ...["patronus-agent", "rollback.sh", "patronus-agent.prev", "patronus-agent.back"],
  ...["patronus-agent.new", "patronus-agent.trial", "patronus-agent.rolled-back"],
  ...["patronus-agent.installing", "patronus-agent.update"],
] as const;

export async function uninstall(input: CommandInput): Promise<number> {
  const root = rootOf(input);
  const isDry = input.flag("dry-run");
  if (process.getuid?.() !== 0 && !isDry) {
    console.error("cannot uninstall: run it as root");
    return EXIT.failure;
  }
  const told: Told[] = [];
  const box = new Box(root, isDry, (one) => told.push(one));
  const record = readRecord(box);
  if (record === null) {
    console.error("cannot uninstall: this box has no record of an installation");
    return EXIT.failure;
  }
  const places = placesOf(record.manager, record.prefix);
  stopService(box, places);
  removeProgram(box, places);
  if (input.flag("purge")) purge(box, places, record);
  if (input.flag("json")) console.log(JSON.stringify({ dry_run: isDry, steps: told }));
  else
    for (const { change, what } of told) console.log(`${label(change, isDry).padEnd(13)} ${what}`);
  for (const command of box.failed) console.error(`warning: \`${command}\` failed`);
  if (!input.flag("purge") && !input.flag("json")) {
    console.log(`kept: ${CONFIG_FOLDER}, ${places.state} and the users; --purge removes them`);
  }
  return EXIT.ok;
}

function stopService(box: Box, { manager, program }: Places): void {
  if (manager === "systemd") box.run("systemctl", "disable", "--now", "--quiet", SERVICE);
  else {
    box.run(`/etc/init.d/${SERVICE}`, "stop");
    box.run(`/etc/init.d/${SERVICE}`, "disable");
  }
  // While the program is still there: it knows what is ours in the kernel.
  if (box.has(program) && box.has(CONFIG_FILE)) box.run(box.at(program), "routes", "flush");
}

function removeProgram(box: Box, { manager, prefix }: Places): void {
  box.remove(COMMAND_LINK);
  if (manager === "systemd") {
    box.remove(`/etc/systemd/system/${SERVICE}.service`);
    box.remove("/etc/systemd/system/patronus-rollback.service");
    box.run("systemctl", "daemon-reload");
  } else {
    box.remove(`/etc/init.d/${SERVICE}`);
  }
  for (const name of OWN_FILES) box.remove(`${prefix}/${name}`);
}

function purge(box: Box, { manager, prefix, state }: Places, record: InstallRecord): void {
  const isOurs = (folder: string) => record.folders.includes(folder);
  if (isOurs(state)) box.remove(state);
  if (isOurs(CONFIG_FOLDER)) box.remove(CONFIG_FOLDER);
  else box.remove(`${CONFIG_FOLDER}/install.json`);
  if (isOurs(prefix)) box.removeEmpty(prefix);
  let files = {
    passwd: box.read("/etc/passwd") ?? "",
    group: box.read("/etc/group") ?? "",
    shadow: box.read("/etc/shadow"),
  };
  for (const user of usersOf(manager)) {
    if (record.users.includes(user.name)) files = withoutAccount(files, user);
  }
  box.edit("/etc/passwd", files.passwd);
  box.edit("/etc/group", files.group);
  if (files.shadow !== null) box.edit("/etc/shadow", files.shadow);
}
