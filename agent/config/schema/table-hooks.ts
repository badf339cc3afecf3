/** Who is told of failovers: hooks and the file of keepalived. */

import { HOOK_EVENTS } from "../../domain/hooks.ts";
import { FILE, text } from "./forms.ts";
import type { SectionName, SectionSpecs } from "./spec.ts";

const ID_MAX = 2 ** 31 - 1;

function level(help: string, value: number) {
  return { kind: "integer", help, min: -254, max: 254, default: value } as const;
}

export const HOOK_TABLE: Readonly<Partial<Record<SectionName, SectionSpecs>>> = {
  hook: {
    on: {
      kind: "list",
      of: { kind: "choice", help: "event", choices: HOOK_EVENTS },
      help: "events that start it",
      least: 1,
    },
    exec: {
      kind: "forms",
      forms: [
        { kind: "text", help: "program", pattern: FILE },
        { kind: "list", of: text("argument"), help: "program and arguments", least: 1 },
      ],
      help: "program, or program and arguments; no shell between",
    },
    policy: {
      kind: "integer",
      help: "only events of this policy",
      min: 1,
      max: ID_MAX,
      nullable: true,
    },
    timeout_secs: {
      kind: "integer",
      help: "then it is killed with its process group",
      min: 1,
      max: 300,
      unit: "s",
      default: 10,
    },
  },
  coordination: {
    track_file: {
      kind: "section",
      of: "trackFile",
      help: "a number for keepalived's vrrp_track_file",
      nullable: true,
    },
  },
  trackFile: {
    path: { kind: "text", help: "the file", pattern: FILE, required: true },
    of_policy: { kind: "integer", help: "follows a policy", min: 1, max: ID_MAX },
    of_path: text("follows a path"),
    values: { kind: "section", of: "trackValues", help: "the numbers" },
    dwell_secs: {
      kind: "integer",
      help: "least time between two writes; down waits for nothing",
      min: 0,
      max: 3_600,
      unit: "s",
      default: 10,
    },
  },
  trackValues: {
    primary: level("on the primary, or up", 0),
    backup: level("on a backup, or degraded", 30),
    down: level("nothing passes, or down", 100),
  },
};
