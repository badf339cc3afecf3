/**
 * The user database as text: finding, adding and removing entries of /etc/passwd, /etc/group and
 * /etc/shadow. For boxes without useradd (OpenWrt) and for a folder that is not the running system.
 */

export interface AccountFiles {
  readonly passwd: string;
  readonly group: string;
  /** null: the box has none. */
  readonly shadow: string | null;
}

/** System users are made downwards from here, as useradd --system does. */
const SYSTEM_ID_MAX = 999;
const SYSTEM_ID_MIN = 100;

export function idOf(text: string, name: string): number | null {
  const line = entries(text).find((entry) => entry[0] === name);
  const id = Number(line?.[2]);
  return line === undefined || !Number.isInteger(id) ? null : id;
}

/** Adds what is missing of the group and of the user in it. Throws when no number is free. */
export function withAccount(
  files: AccountFiles,
  user: { readonly name: string; readonly group: string; readonly comment: string },
): AccountFiles {
  let { passwd, group, shadow } = files;
  let gid = idOf(group, user.group);
  if (gid === null) {
    gid = freeId({ passwd, group, shadow });
    group = appended(group, `${user.group}:x:${gid}:`);
  }
  if (idOf(passwd, user.name) === null) {
    const isOwnGroup = user.group === user.name && !ids(passwd).has(gid);
    const uid = isOwnGroup ? gid : freeId({ passwd, group, shadow });
    const fields = [user.name, "x", uid, gid, user.comment, "/nonexistent", "/bin/false"];
    passwd = appended(passwd, fields.join(":"));
  }
  if (shadow !== null && !entries(shadow).some(([name]) => name === user.name)) {
    shadow = appended(shadow, `${user.name}:!:0:0:99999:7:::`);
  }
  return { passwd, group, shadow };
}

export function withoutAccount(
  files: AccountFiles,
  user: { readonly name: string; readonly group: string },
): AccountFiles {
  const passwd = removed(files.passwd, user.name);
  const gid = idOf(files.group, user.group);
  const isUsed = gid !== null && entries(passwd).some((entry) => Number(entry[3]) === gid);
  return {
    passwd,
    group: isUsed ? files.group : removed(files.group, user.group),
    shadow: files.shadow === null ? null : removed(files.shadow, user.name),
  };
}

function entries(text: string): string[][] {
  return text.split("\n").map((line) => line.split(":"));
}

function ids(text: string): Set<number> {
  return new Set(entries(text).map((entry) => Number(entry[2])));
}

function freeId({ passwd, group }: AccountFiles): number {
  const taken = new Set([...ids(passwd), ...ids(group)]);
  for (let id = SYSTEM_ID_MAX; id >= SYSTEM_ID_MIN; id--) if (!taken.has(id)) return id;
  throw new Error(`no free number from ${SYSTEM_ID_MIN} to ${SYSTEM_ID_MAX} for a system user`);
}

function appended(text: string, line: string): string {
  return `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}${line}\n`;
}

function removed(text: string, name: string): string {
  return text
    .split("\n")
    .filter((line) => !line.startsWith(`${name}:`))
    .join("\n");
}
