/**
 * The configuration as it takes effect: files merged, profile and defaults applied, secrets masked,
 * each value with where it came from. Read again it means the same; only masked values are lost.
 */

import type { AgentConfig, PathConfig, TargetConfig } from "../domain/config.ts";
import { isSecretMap, isSecretName, MASK, maskUrls } from "../domain/secrets.ts";
import { KEYS } from "./keys.ts";
import { presetKeys } from "./profiles.ts";
import type { Raw, RawMap, RawScalar, ScalarValue } from "./raw.ts";
import { isNull } from "./raw.ts";
import type { SectionName, Spec } from "./schema/spec.ts";
import { TABLE } from "./schema/table.ts";

/** A value, a list or a map with the source of each value. */
export type Node =
  | { readonly kind: "value"; readonly value: ScalarValue; readonly source: string }
  | { readonly kind: "list"; readonly items: readonly Node[]; readonly source: string }
  | { readonly kind: "map"; readonly entries: readonly (readonly [string, Node])[] };

const DEFAULT = "default";

/** `root` and `config` are of the same files. */
export function effectiveTree(root: RawMap, config: AgentConfig): Node {
  const entries: [string, Node][] = [];
  for (const key of KEYS.root) {
    // The blocks of the paths hold it merged; given once more it would win over their profiles.
    if (key === "health") continue;
    const node = rootNode(key, root, config);
    if (node !== null) entries.push([key, node]);
  }
  return { kind: "map", entries };
}

function rootNode(key: string, root: RawMap, config: AgentConfig): Node | null {
  const raw = root.entries.get(key)?.value;
  if (key === "node") return nodeSection(raw, config);
  if (key !== "paths") return keyNode({ raw, spec: TABLE.root?.[key], name: key });
  const items = raw?.kind === "list" ? raw.items : [];
  const common = asMap(root.entries.get("health")?.value);
  const paths = config.paths.map((path, i) => pathNode(path, asMap(items[i]), common));
  return { kind: "list", items: paths, source: sourceOf(raw) };
}

function nodeSection(raw: Raw | undefined, { node }: AgentConfig): Node {
  const section = keyNode({ raw, spec: { kind: "section", of: "node", help: "" }, name: "node" });
  const given = section?.kind === "map" ? section.entries : [];
  if (given.some(([key]) => key === "id")) return { kind: "map", entries: given };
  return { kind: "map", entries: [["id", value(node.id, DEFAULT)], ...given] };
}

/** Merged blocks come from the typed path: there the order of precedence has been kept. */
function pathNode(path: PathConfig, raw: RawMap | null, common: RawMap | null): Node {
  const specs = TABLE.path ?? {};
  const entries = KEYS.path.flatMap((key): (readonly [string, Node])[] => {
    if (key === "probe") return [];
    if (key === "health") return [[key, healthNode(path, asMap(entryOf(raw, key)), common)]];
    if (key === "targets") return [[key, targetsNode(path, raw)]];
    const node = keyNode({ raw: entryOf(raw, key), spec: specs[key], name: key });
    return node === null ? [] : [[key, node]];
  });
  return { kind: "map", entries };
}

function targetsNode(path: PathConfig, raw: RawMap | null): Node {
  const source = sourceOf(entryOf(raw, "targets"));
  return { kind: "list", items: path.targets.map((one) => targetNode(one, source)), source };
}

function targetNode({ host, probe }: TargetConfig, source: string): Node {
  const { port, accept_unreachable: unreachable, key_file: key, ...all } = probe;
  const entries: [string, Node][] = Object.entries(all).map(([name, one]) => [
    name,
    value(one, source),
  ]);
  if (probe.type !== "icmp" && port !== 0) entries.push(["port", value(port, source)]);
  if (probe.type === "udp") entries.push(["accept_unreachable", value(unreachable, source)]);
  if (key !== null) entries.push(["key_file", value(key, source)]);
  return {
    kind: "map",
    entries: [
      ["host", value(host, source)],
      ["probe", { kind: "map", entries }],
    ],
  };
}

function healthNode(path: PathConfig, own: RawMap | null, common: RawMap | null): Node {
  const preset = new Set(presetKeys(path.profile).map(({ steps }) => steps.join(".")));
  const sourceAt = (steps: readonly string[]): string => {
    const given = [own, common].map((block) => rawAt(block, steps)).find((raw) => raw !== null);
    if (given !== undefined && given !== null) return sourceOf(given);
    return preset.has(steps.join(".")) ? `profile ${path.profile}` : DEFAULT;
  };
  return typedNode(path.health, [], sourceAt);
}

function typedNode(
  block: object,
  above: readonly string[],
  sourceAt: (steps: readonly string[]) => string,
): Node {
  const entries = Object.entries(block).map(([name, one]: [string, unknown]) => {
    const steps = [...above, name];
    const node =
      typeof one === "object" && one !== null
        ? typedNode(one, steps, sourceAt)
        : value(one as ScalarValue, sourceAt(steps)); // health blocks hold numbers, flags and null
    return [name, node] as const;
  });
  return { kind: "map", entries };
}

interface Given {
  readonly raw: Raw | undefined;
  readonly spec: Spec | undefined;
  readonly name: string;
  /** Inside of something that is secret as a whole. */
  readonly isSecret?: boolean;
}

/** null: absent, and without a default that could be shown. */
function keyNode(given: Given): Node | null {
  const { raw, spec } = given;
  const isGiven = raw !== undefined && raw.kind !== "rejected";
  if (spec?.kind === "section") {
    const isOff = spec.nullable === true && (!isGiven || isNull(raw));
    return isOff ? null : sectionNode(spec.of, asMap(raw));
  }
  if (isGiven && !(isNull(raw) && raw.kind === "scalar" && isBlock(spec)))
    return givenNode(given, raw);
  if (spec === undefined || !("default" in spec) || spec.default === undefined) return null;
  return value(isHidden(given) ? MASK : spec.default, DEFAULT);
}

function isBlock(spec: Spec | undefined): boolean {
  return spec?.kind === "list" || spec?.kind === "map";
}

function sectionNode(name: SectionName, map: RawMap | null): Node | null {
  const entries = KEYS[name].flatMap((key): (readonly [string, Node])[] => {
    const node = keyNode({ raw: entryOf(map, key), spec: TABLE[name]?.[key], name: key });
    return node === null ? [] : [[key, node]];
  });
  return entries.length === 0 ? null : { kind: "map", entries };
}

function givenNode(given: Given, raw: Raw): Node {
  switch (raw.kind) {
    case "map":
      return mapNode(given, raw);
    case "list": {
      const of = given.spec?.kind === "list" ? given.spec.of : undefined;
      const items = raw.items.flatMap((item) => {
        const node = itemNode({ ...given, spec: of }, item);
        return node === null ? [] : [node];
      });
      return { kind: "list", items, source: sourceOf(raw) };
    }
    case "scalar":
      return value(isHidden(given) && !isNull(raw) ? MASK : plain(raw, given), sourceOf(raw));
    case "rejected":
      return value(null, sourceOf(raw));
  }
}

function itemNode(given: Given, raw: Raw): Node | null {
  const { spec } = given;
  if (spec?.kind === "section" && raw.kind === "map") return sectionNode(spec.of, raw);
  return raw.kind === "rejected" ? null : givenNode(given, raw);
}

/** A map with free keys, or one that the table does not describe. */
function mapNode(given: Given, map: RawMap): Node {
  const section = given.spec?.kind === "forms" ? sectionOf(given.spec.forms) : null;
  if (section !== null) return sectionNode(section, map) ?? { kind: "map", entries: [] };
  const of = given.spec?.kind === "map" ? given.spec.of : undefined;
  const isSecret = given.isSecret === true || isSecretMap(given.name);
  const entries = [...map.entries].flatMap(([name, entry]): (readonly [string, Node])[] =>
    entry.value.kind === "rejected"
      ? []
      : [[name, givenNode({ raw: entry.value, spec: of, name, isSecret }, entry.value)]],
  );
  return { kind: "map", entries };
}

function sectionOf(forms: readonly Spec[]): SectionName | null {
  const form = forms.find(({ kind }) => kind === "section");
  return form?.kind === "section" ? form.of : null;
}

function isHidden({ spec, name, isSecret }: Given): boolean {
  return spec?.secret === true || isSecret === true || isSecretName(name);
}

/** Text from the environment stands for numbers and flags too. */
function plain(raw: RawScalar, { spec }: Given): ScalarValue {
  const { value: one, loose } = raw;
  if (typeof one !== "string") return one;
  if (loose && (spec?.kind === "integer" || spec?.kind === "number")) return Number(one);
  if (loose && spec?.kind === "flag") return one === "true";
  // What no table describes may be a secret, and a variable often holds one.
  if (loose && raw.shown.includes("${env:") && spec === undefined) return MASK;
  return maskUrls(one);
}

function value(one: ScalarValue, source: string): Node {
  return { kind: "value", value: one, source };
}

function sourceOf(raw: Raw | undefined): string {
  if (raw === undefined) return DEFAULT;
  const { file, line } = raw.place;
  return line === null ? file : `${file}:${line}`;
}

function asMap(raw: Raw | undefined): RawMap | null {
  return raw?.kind === "map" ? raw : null;
}

function entryOf(map: RawMap | null, key: string): Raw | undefined {
  return map?.entries.get(key)?.value;
}

function rawAt(map: RawMap | null, steps: readonly string[]): Raw | null {
  const [step = "", ...rest] = steps;
  const raw = entryOf(map, step);
  if (raw === undefined) return null;
  return rest.length === 0 ? raw : rawAt(asMap(raw), rest);
}
