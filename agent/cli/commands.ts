/** The commands of the program. Each loads its code when it runs. */

import type { Command } from "./command.ts";
import { CONFIG_OPTION, JSON_OPTION, SOCKET_OPTION } from "./command.ts";
import { FAILOVER_COMMANDS } from "./failover-commands.ts";
import { INSTALL_COMMANDS } from "./install/commands.ts";
import { RUN_COMMAND } from "./run-command.ts";
import { SHIPPED_COMMANDS } from "./shipped/commands.ts";
import { CSV_OPTION, RESOLUTION_OPTION, SPAN_OPTIONS } from "./span-options.ts";

const AGENT_OPTIONS = { socket: SOCKET_OPTION, config: CONFIG_OPTION, json: JSON_OPTION };

export const COMMANDS: readonly Command[] = [
  RUN_COMMAND,
  {
    name: "check-config",
    summary: "read the configuration and list every problem",
    operands: "[FILE]",
    options: { config: CONFIG_OPTION, json: JSON_OPTION },
    notes: "Exit codes: 0 no problem (warnings allowed), 2 problems.",
    run: async (input) => (await import("./check-config.ts")).checkConfig(input),
  },
  {
    name: "config",
    summary: "print the configuration: example, schema, keys, effective; migrate older files",
    operands: "example|schema|keys|print|migrate [FILE]",
    options: {
      config: CONFIG_OPTION,
      effective: { type: "boolean", help: "print: with defaults and profiles (always so)" },
      write: { type: "boolean", help: "migrate: into the file; the old text goes to FILE.old" },
      json: { type: "boolean", help: "keys, print: machine-readable output" },
    },
    notes: "Exit codes: 0 printed, 1 migrate failed, 2 usage or problems in the configuration.",
    run: async (input) => (await import("./config.ts")).runConfig(input),
  },
  {
    name: "init",
    summary: "write a first configuration from the default routes of this box",
    operands: "",
    options: {
      output: {
        type: "string",
        short: "o",
        value: "FILE",
        help: "where to (default /etc/patronus/agent.yaml; -: standard output)",
      },
      target: {
        type: "string",
        short: "t",
        value: "HOST,...",
        help: "what to probe on every path",
      },
      force: { type: "boolean", help: "replace the file; the old text goes to FILE.old" },
    },
    notes: "Exit codes: 0 written, 1 no uplink or not writable, 2 usage.",
    run: async (input) => (await import("./init.ts")).writeFirstConfig(input),
  },
  {
    name: "status",
    summary: "state of the running agent and its paths",
    operands: "",
    options: { socket: SOCKET_OPTION, config: CONFIG_OPTION, json: JSON_OPTION },
    notes: "Exit codes: 0 all paths up, 3 something is not well, 4 the agent does not run.",
    run: async (input) => (await import("./status.ts")).showStatus(input),
  },
  {
    name: "paths",
    summary: "the paths with score, loss, latency and what limits them",
    operands: "[PATH...]",
    options: { socket: SOCKET_OPTION, config: CONFIG_OPTION, json: JSON_OPTION },
    notes: "Exit codes: 0 shown, 1 no such path, 4 the agent does not run.",
    run: async (input) => (await import("./paths.ts")).showPaths(input),
  },
  {
    name: "aggregate",
    summary: "uptime, latency, loss, jitter and score of paths over a span",
    operands: "[PATH...]",
    options: { ...SPAN_OPTIONS, ...AGENT_OPTIONS, csv: CSV_OPTION },
    notes: "Exit codes: 0 shown, 1 no such path, 2 usage, 4 the agent does not run.",
    run: async (input) => (await import("./aggregate.ts")).showAggregate(input),
  },
  {
    name: "history",
    summary: "a path over time, as bars on a terminal",
    operands: "PATH",
    options: {
      ...SPAN_OPTIONS,
      resolution: RESOLUTION_OPTION,
      ...AGENT_OPTIONS,
      csv: CSV_OPTION,
    },
    notes: "Exit codes: 0 shown, 1 no such path, 2 usage, 4 the agent does not run.",
    run: async (input) => (await import("./history.ts")).showHistory(input),
  },
  {
    name: "export",
    summary: "history of all paths to standard output, as CSV or JSON lines",
    operands: "[PATH...]",
    options: {
      ...SPAN_OPTIONS,
      resolution: RESOLUTION_OPTION,
      format: { type: "string", value: "FORMAT", help: "csv or json (default csv)" },
      socket: SOCKET_OPTION,
      config: CONFIG_OPTION,
    },
    notes: "Exit codes: 0 written, 1 no such path, 2 usage, 4 the agent does not run.",
    run: async (input) => (await import("./export.ts")).exportHistory(input),
  },
  {
    name: "sla",
    summary: "service levels of a month: promises, budgets, incidents",
    operands: "report",
    options: {
      month: { type: "string", value: "YYYY-MM", help: "default: the running month" },
      format: { type: "string", value: "FORMAT", help: "text, json, csv or html (default text)" },
      path: { type: "string", value: "PATH", help: "only this path" },
      policy: { type: "string", value: "ID", help: "only this policy, by its number" },
      socket: SOCKET_OPTION,
      config: CONFIG_OPTION,
    },
    notes: "Exit codes: 0 shown, 1 no such subject, 2 usage, 4 the agent does not run.",
    run: async (input) => (await import("./sla.ts")).runSla(input),
  },
  {
    name: "backup",
    summary: "copy the history database into a file while the agent runs",
    operands: "FILE",
    options: AGENT_OPTIONS,
    notes: "Exit codes: 0 copied, 1 failed, 2 usage, 4 the agent does not run.",
    run: async (input) => (await import("./backup.ts")).backUp(input),
  },
  ...FAILOVER_COMMANDS,
  {
    name: "probe",
    summary: "probe targets now, like fping (needs no agent)",
    operands: "TARGET...",
    options: {
      "targets-file": { type: "string", value: "FILE", help: "more targets, one a line; -: stdin" },
      count: { type: "string", short: "c", value: "N", help: "probes per target (default 5)" },
      interval: {
        type: "string",
        short: "i",
        value: "MS",
        help: "between probes of one target (default 1000, at least 10)",
      },
      timeout: { type: "string", short: "t", value: "MS", help: "later is late (default 1000)" },
      type: {
        type: "string",
        short: "T",
        value: "TYPE",
        help: "icmp, udp or stamp (default icmp)",
      },
      port: { type: "string", short: "p", value: "PORT", help: "udp: default 7; stamp: 862" },
      size: {
        type: "string",
        short: "b",
        value: "OCTETS",
        help: "payload (default 56; stamp: packet, 44)",
      },
      "key-file": { type: "string", value: "FILE", help: "stamp: authenticate with this key" },
      interface: { type: "string", short: "I", value: "DEVICE", help: "send through this device" },
      dscp: { type: "string", value: "N", help: "0 to 63 (default 0)" },
      ttl: { type: "string", value: "N", help: "1 to 255 (default: the system's)" },
      ipv4: { type: "boolean", short: "4", help: "names: IPv4 only" },
      ipv6: { type: "boolean", short: "6", help: "names: IPv6 only" },
      quiet: { type: "boolean", short: "q", help: "summary only" },
      json: { type: "boolean", help: "one JSON object per line" },
    },
    notes: "Exit codes: 0 every target replied, 1 some did not, 2 usage or no socket.",
    run: async (input) => (await import("./probe.ts")).probeTargets(input),
  },
  {
    name: "use",
    summary: "run a command whose traffic leaves by this path: use PATH -- COMMAND (root)",
    operands: "PATH -- COMMAND...",
    options: { config: CONFIG_OPTION },
    notes: "Exit codes: that of the command; 1 cannot use the path, 2 usage, 127 no such command.",
    run: async (input) => (await import("./use/use.ts")).usePath(input),
  },
  {
    name: "routes",
    summary: "our rules and routes in the kernel: show, plan (what is missing) or flush (remove)",
    operands: "[show|plan|flush]",
    options: {
      ...AGENT_OPTIONS,
      "dry-run": { type: "boolean", help: "print the commands of iproute2, change nothing" },
      force: { type: "boolean", help: "flush: also while an agent runs" },
    },
    notes:
      "Exit codes: 0 done, 1 failed or an agent runs (flush), 2 usage, 3 show: not as planned.",
    run: async (input) => (await import("./routes/routes.ts")).manageRoutes(input),
  },
  {
    name: "alerts",
    summary: "what is wrong and who was told; alerts test CHANNEL proves a channel",
    operands: "[list | history | test CHANNEL]",
    options: {
      ...AGENT_OPTIONS,
      limit: { type: "string", value: "N", help: "history: messages (default 20, at most 1000)" },
    },
    notes: "Exit codes: 0 done, 1 the test failed or no such channel, 2 usage, 4 not running.",
    run: async (input) => (await import("./alerts.ts")).manageAlerts(input),
  },
  {
    name: "queue",
    summary: "what waits for collectors and channels, and what they refused for good",
    operands: "",
    options: AGENT_OPTIONS,
    notes: "Exit codes: 0 done, 2 usage, 4 not running.",
    run: async (input) => (await import("./queue.ts")).showQueue(input),
  },
  {
    name: "self-test",
    summary: "what of this machine the agent can use, and what to do about the rest",
    operands: "",
    options: {
      config: CONFIG_OPTION,
      nonce: { type: "string", value: "TEXT", help: "repeated beside the version" },
      json: JSON_OPTION,
    },
    notes: "Exit codes: 0 all ok, 1 something failed, 2 usage, 3 something is degraded.",
    run: async (input) => (await import("./self-test/self-test.ts")).selfTest(input),
  },
  {
    name: "update",
    summary: "new releases: check, apply, rollback (to the release before), status",
    operands: "check|apply|rollback|status",
    options: {
      "any-path": { type: "boolean", help: "apply: also over a metered or degraded path" },
      wait: { type: "boolean", help: "apply: until the release is committed or rolled back" },
      ...AGENT_OPTIONS,
    },
    notes:
      "Exit codes: 0 done or nothing to do, 1 failed or refused, 2 usage, " +
      "3 check: a newer release is there; status: the last update went wrong, 4 no agent.",
    run: async (input) => (await import("./update/update.ts")).manageUpdates(input),
  },
  {
    name: "support-dump",
    summary: "collect state, configuration, log and machine facts, without secrets",
    operands: "",
    options: {
      output: {
        type: "string",
        short: "o",
        value: "FILE",
        help: "default: patronus-support.tar.gz",
      },
      socket: SOCKET_OPTION,
      config: CONFIG_OPTION,
    },
    notes: "Exit codes: 0 written (what was missing is in manifest.json), 1 failed, 2 usage.",
    run: async (input) => (await import("./dump/support-dump.ts")).supportDump(input),
  },
  {
    name: "completion",
    summary: "completion script for a shell",
    operands: "bash|zsh|fish",
    options: {},
    run: async (input) => (await import("./print-table.ts")).printCompletion(input, COMMANDS),
  },
  {
    name: "man",
    summary: "this program's manual page, as roff",
    operands: "",
    options: {},
    notes: "Read it: patronus-agent man | man -l -",
    run: async () => (await import("./print-table.ts")).printManPage(COMMANDS),
  },
  {
    name: "version",
    summary: "version, build, runtime and ABI of the core",
    operands: "",
    options: { json: JSON_OPTION },
    run: async (input) => (await import("./version.ts")).showVersion(input),
  },
  ...SHIPPED_COMMANDS,
  ...INSTALL_COMMANDS,
];
