/** Where things are on an installed box, and whose they are. */

export type ServiceManager = "systemd" | "openwrt";

export const FILE = "patronus-agent";
export const SERVICE = "patronus-agent";
export const CONFIG_FOLDER = "/etc/patronus";
export const CONFIG_FILE = `${CONFIG_FOLDER}/agent.yaml`;
export const RUNTIME_FOLDER = "/run/patronus";
/** What `install` made, so that `uninstall --purge` removes that and nothing else. */
export const RECORD_FILE = `${CONFIG_FOLDER}/install.json`;
export const DEFAULT_PREFIX = "/opt/patronus";
/** In PATH for people; the program itself lies where the updates may write. */
export const COMMAND_LINK = `/usr/bin/${FILE}`;

export interface Places {
  readonly manager: ServiceManager;
  /** Folder of the program, its previous release and the rollback script. */
  readonly prefix: string;
  readonly program: string;
  /** History and queues. On OpenWrt /var is in memory, so they lie beside the program. */
  readonly state: string;
}

export function placesOf(manager: ServiceManager, prefix: string): Places {
  const state = manager === "openwrt" ? `${prefix}/state` : "/var/lib/patronus";
  return { manager, prefix, program: `${prefix}/${FILE}`, state };
}

export interface SystemUser {
  readonly name: string;
  readonly group: string;
  readonly comment: string;
}

const CONTROLLER = { name: "patronus", group: "patronus", comment: "patronus-agent controller" };
const WORKER = { name: "patronus-net", group: "patronus-net", comment: "patronus-agent worker" };
const SUPER = { name: "patronus-super", group: "patronus", comment: "patronus-agent supervisor" };

/** procd starts the supervisor as root, so it needs no user there. */
export function usersOf(manager: ServiceManager): readonly SystemUser[] {
  return manager === "systemd" ? [CONTROLLER, WORKER, SUPER] : [CONTROLLER, WORKER];
}

/** Who may write the program, besides root. */
export function ownerOfPrefix(manager: ServiceManager): string {
  return manager === "systemd" ? SUPER.name : "root";
}
