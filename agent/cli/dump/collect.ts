/**
 * What a support dump holds, as a plan: names, and where each comes from. What is missing does not
 * end the dump, it is noted. Every text passes the scrubber on its way in.
 */

import { unreachable } from "../../domain/invariant.ts";
import { scrub } from "../../domain/scrub.ts";
import type { TarEntry } from "../../io/tar.ts";

export type Origin =
  /** GET of the agent's API. */
  | { readonly kind: "api"; readonly path: string }
  | { readonly kind: "file"; readonly path: string }
  /** Arguments, never a shell. The first one that is there answers. */
  | { readonly kind: "command"; readonly choices: readonly (readonly string[])[] }
  | { readonly kind: "text"; read(): string | Promise<string> };

export interface Item {
  readonly name: string;
  readonly origin: Origin;
}

export type Reading =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "missing"; readonly reason: string };

/** The world of a dump. */
export interface Sources {
  api(path: string): Promise<Reading>;
  file(path: string): Reading;
  command(args: readonly string[]): Promise<Reading>;
}

export interface Collected {
  readonly entries: readonly TarEntry[];
  /** Reason by name. */
  readonly missing: Readonly<Record<string, string>>;
}

/** Of each item; the end of a log is what tells. */
const OCTETS_MAX = 2 * 1024 * 1024;

/** `secrets`: values that are known to be some. */
export async function collect(
  items: readonly Item[],
  sources: Sources,
  secrets: readonly string[],
): Promise<Collected> {
  const entries: TarEntry[] = [];
  const missing: Record<string, string> = {};
  for (const { name, origin } of items) {
    const reading = await read(origin, sources);
    if (reading.kind === "missing") {
      missing[name] = scrub(reading.reason, secrets);
      continue;
    }
    const text = scrub(reading.text.slice(-OCTETS_MAX), secrets);
    entries.push({ name, bytes: new TextEncoder().encode(text) });
  }
  return { entries, missing };
}

async function read(origin: Origin, sources: Sources): Promise<Reading> {
  try {
    switch (origin.kind) {
      case "api":
        return await sources.api(origin.path);
      case "file":
        return sources.file(origin.path);
      case "command":
        return await firstAnswer(origin.choices, sources);
      case "text":
        return { kind: "text", text: await origin.read() };
      default:
        return unreachable(origin);
    }
  } catch (error) {
    return { kind: "missing", reason: error instanceof Error ? error.message : String(error) };
  }
}

async function firstAnswer(
  choices: readonly (readonly string[])[],
  sources: Sources,
): Promise<Reading> {
  const reasons: string[] = [];
  for (const args of choices) {
    const reading = await sources.command(args);
    if (reading.kind === "text" && reading.text !== "") return reading;
    const reason = reading.kind === "missing" ? reading.reason : "no output";
    reasons.push(`${args[0]}: ${reason}`);
  }
  return { kind: "missing", reason: reasons.join("; ") };
}
