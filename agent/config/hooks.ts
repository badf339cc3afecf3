/** Programs to run on events, and the file for keepalived. */

import type { PathConfig, PolicyConfig } from "../domain/config.ts";
import type {
  CoordinationConfig,
  HookConfig,
  HookEventName,
  TrackFileConfig,
} from "../domain/hooks.ts";
import { HOOK_EVENTS, NO_COORDINATION } from "../domain/hooks.ts";
import { FILE_FORM } from "./host.ts";
import type { KeyOf } from "./keys.ts";
import { KEYS } from "./keys.ts";
import { quote } from "./raw.ts";
import type { Section, TextForm } from "./section.ts";
import {
  has,
  isEmptyList,
  itemAt,
  openSection,
  readInteger,
  readList,
  readText,
  readTexts,
  rejectKey,
  requireText,
  subsection,
  textForm,
} from "./section.ts";

type HookSection = Section<KeyOf<"hook">>;
type TrackSection = Section<KeyOf<"trackFile">>;

/** They run one after another: more would be late. */
const HOOKS_MAX = 32;
const ID = { min: 1, max: 2 ** 31 - 1 };
const TIMEOUT = { min: 1, max: 300, unit: "s" };
const DWELL = { min: 0, max: 3_600, unit: "s" };
/** keepalived.conf(5): the product with the weight is limited to -254..254. */
const VALUE = { min: -254, max: 254 };
const ARGUMENT = textForm(/^[^\0]{0,4000}$/, "text");
const PATH_FORM = textForm(/^[^\s]{1,63}$/, "the id of a path");
const EVENT_FORM: TextForm = {
  want: `one of ${HOOK_EVENTS.join(", ")}`,
  accepts: (text) => HOOK_EVENTS.some((name) => name === text),
};

export function readHooks(
  root: Section<KeyOf<"root">>,
  policies: readonly PolicyConfig[],
): readonly HookConfig[] {
  const items = readList(root, "hooks");
  if (items.length > HOOKS_MAX) {
    rejectKey(root, "hooks", `cannot use ${items.length}: want at most ${HOOKS_MAX}`);
  }
  return items.map((item) => readHook(openSection(item, KEYS.hook, root.report), policies));
}

function readHook(section: HookSection, policies: readonly PolicyConfig[]): HookConfig {
  const on = readTexts(section, "on", EVENT_FORM);
  if (isEmptyList(itemAt(section, "on"))) {
    rejectKey(section, "on", `missing: want a list of ${HOOK_EVENTS.join(", ")}`);
  }
  const policy = has(section, "policy") ? readInteger(section, "policy", ID, 0) : null;
  if (policy !== null) rejectUnknownPolicy(section, "policy", policy, policies);
  return {
    on: HOOK_EVENTS.filter((name): name is HookEventName => on.includes(name)),
    exec: readCommand(section),
    policy,
    timeout_secs: readInteger(section, "timeout_secs", TIMEOUT, 10),
  };
}

/** One absolute path, or a list of it and its arguments. */
function readCommand(section: HookSection): readonly string[] {
  const { raw } = itemAt(section, "exec");
  if (raw.kind !== "list") {
    const program = requireText(section, "exec", FILE_FORM);
    return program === null ? [] : [program];
  }
  const command = readTexts(section, "exec", ARGUMENT);
  const [program] = command;
  if (program === undefined || !FILE_FORM.accepts(program)) {
    const current = program === undefined ? "an empty list" : quote(program);
    rejectKey(section, "exec", `cannot run ${current}: want ${FILE_FORM.want} first`);
  }
  return command;
}

function rejectUnknownPolicy<K extends string>(
  section: Section<K>,
  name: K,
  id: number,
  policies: readonly PolicyConfig[],
): void {
  if (id === 0 || policies.some((policy) => policy.id === id)) return;
  const known = policies.map((policy) => policy.id).join(", ");
  rejectKey(section, name, `cannot find the policy ${id}: want one of ${known || "none"}`);
}

export function readCoordination(
  root: Section<KeyOf<"root">>,
  paths: readonly PathConfig[],
  policies: readonly PolicyConfig[],
): CoordinationConfig {
  const section = subsection(root, "coordination", KEYS.coordination);
  if (!has(section, "track_file")) return NO_COORDINATION;
  const file = subsection(section, "track_file", KEYS.trackFile);
  const values = subsection(file, "values", KEYS.trackValues);
  const path = requireText(file, "path", FILE_FORM) ?? "";
  return {
    track_file: {
      path,
      of: readSubject(file, paths, policies),
      values: {
        primary: readInteger(values, "primary", VALUE, 0),
        backup: readInteger(values, "backup", VALUE, 30),
        down: readInteger(values, "down", VALUE, 100),
      },
      dwell_secs: readInteger(file, "dwell_secs", DWELL, 10),
    },
  };
}

function readSubject(
  section: TrackSection,
  paths: readonly PathConfig[],
  policies: readonly PolicyConfig[],
): TrackFileConfig["of"] {
  if (has(section, "of_policy") === has(section, "of_path")) {
    rejectKey(section, "of_policy", "cannot choose: want either of_policy or of_path");
  }
  if (has(section, "of_path")) {
    const path = readText(section, "of_path", PATH_FORM, "");
    if (path !== "" && !paths.some(({ id }) => id === path)) {
      const known = paths.map(({ id }) => id).join(", ");
      const message = `cannot find the path ${quote(path)}: want the id of a path (${known})`;
      rejectKey(section, "of_path", message);
    }
    return { kind: "path", path };
  }
  const policy = readInteger(section, "of_policy", ID, 0);
  rejectUnknownPolicy(section, "of_policy", policy, policies);
  return { kind: "policy", policy };
}
