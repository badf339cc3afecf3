/** The list of what goes into a support dump. */

import type { Item } from "./collect.ts";

const API: Readonly<Record<string, string>> = {
  "agent/status.json": "/api/v1/status",
  "agent/snapshot.json": "/api/v1/health/snapshot",
  "agent/failover.json": "/api/v1/failover/snapshot",
  "agent/policies.json": "/api/v1/failover/policies",
  "agent/routes.json": "/api/v1/failover/routes",
  "agent/events.json": "/api/v1/failover/events?limit=500&order=newest-first",
  "agent/audit.json": "/api/v1/audit?limit=500&order=newest-first",
  "agent/metrics.txt": "/metrics",
};

/** Nothing that names users or holds keys. */
const PROC = [
  "version",
  "cmdline",
  "cpuinfo",
  "meminfo",
  "loadavg",
  "uptime",
  "mounts",
  "net/dev",
  "net/route",
  "net/ipv6_route",
  "net/snmp",
  "net/snmp6",
  "net/sockstat",
  "sys/kernel/random/entropy_avail",
  "sys/net/ipv4/ip_forward",
  "sys/net/ipv4/ping_group_range",
  "sys/net/ipv4/conf/all/rp_filter",
  "sys/net/ipv6/conf/all/disable_ipv6",
];

const IP: Readonly<Record<string, readonly string[]>> = {
  "network/addresses.txt": ["addr", "show"],
  "network/links.txt": ["-s", "link", "show"],
  "network/routes4.txt": ["-4", "route", "show", "table", "all"],
  "network/routes6.txt": ["-6", "route", "show", "table", "all"],
  "network/rules4.txt": ["-4", "rule", "show"],
  "network/rules6.txt": ["-6", "rule", "show"],
};

const LOG_LINES = "2000";

/** `pids` by role, as far as they are known. */
export function dumpItems(pids: Readonly<Record<string, number>>): readonly Item[] {
  const processes = Object.entries(pids).flatMap(([role, pid]) =>
    ["status", "limits", "smaps_rollup", "cgroup"].map((file) =>
      fileItem(`process/${role}/${file}`, `/proc/${pid}/${file}`),
    ),
  );
  return [
    ...Object.entries(API).map(([name, path]): Item => ({ name, origin: { kind: "api", path } })),
    {
      name: "agent/log.txt",
      origin: {
        kind: "command",
        choices: [
          ["journalctl", "--no-pager", "-o", "short-iso", "-n", LOG_LINES, "-u", "patronus-agent"],
          ["logread", "-l", LOG_LINES, "-e", "patronus"],
        ],
      },
    },
    ...PROC.map((path) => fileItem(`proc/${path.replaceAll("/", "-")}`, `/proc/${path}`)),
    fileItem("os-release", "/etc/os-release"),
    fileItem("openwrt_release", "/etc/openwrt_release"),
    ...Object.entries(IP).map(
      ([name, args]): Item => ({
        name,
        origin: { kind: "command", choices: [["ip", ...args]] },
      }),
    ),
    ...processes,
  ];
}

function fileItem(name: string, path: string): Item {
  return { name, origin: { kind: "file", path } };
}
