/**
 * What one key of the configuration may hold, as data: the JSON Schema, `config keys` and
 * `config print --effective` are made of it. The parser stays the judge; a test holds both together.
 */

import type { KEYS } from "../keys.ts";

export type SectionName = keyof typeof KEYS;

interface Common {
  /** One line for people, without the unit and the range. */
  readonly help: string;
  /** Shown as stars wherever a configuration is printed. */
  readonly secret?: true;
  /** `key: ~` switches it off. */
  readonly nullable?: true;
  /** The section is wrong without it. */
  readonly required?: true;
}

interface WithDefault<T> {
  /** What an absent key stands for; absent: there is none, or it depends on other keys. */
  readonly default?: T;
}

export interface NumberSpec extends Common, WithDefault<number> {
  readonly kind: "integer" | "number";
  readonly min: number;
  readonly max: number;
  readonly unit?: string;
}

export interface FlagSpec extends Common, WithDefault<boolean> {
  readonly kind: "flag";
}

export interface ChoiceSpec extends Common, WithDefault<string> {
  readonly kind: "choice";
  readonly choices: readonly string[];
}

export interface TextSpec extends Common, WithDefault<string | null> {
  readonly kind: "text";
  /** ECMA 262 regular expression, read with the u flag; wider than the parser is allowed. */
  readonly pattern?: string;
}

export interface DurationSpec extends Common, WithDefault<string> {
  readonly kind: "duration";
}

/** A map whose keys are those of a section. */
export interface SectionSpec extends Common {
  readonly kind: "section";
  readonly of: SectionName;
}

export interface ListSpec extends Common {
  readonly kind: "list";
  readonly of: Spec;
  readonly least?: number;
  readonly most?: number;
}

/** A map with free keys. */
export interface MapSpec extends Common {
  readonly kind: "map";
  readonly of: Spec;
}

/** Not described here: the parser alone judges it. */
export interface AnySpec extends Common {
  readonly kind: "any";
}

/** One of several forms. */
export interface FormsSpec extends Common {
  readonly kind: "forms";
  readonly forms: readonly Spec[];
}

export type Spec =
  | NumberSpec
  | FlagSpec
  | ChoiceSpec
  | TextSpec
  | DurationSpec
  | SectionSpec
  | ListSpec
  | MapSpec
  | FormsSpec
  | AnySpec;

export type SectionSpecs = Readonly<Record<string, Spec>>;
