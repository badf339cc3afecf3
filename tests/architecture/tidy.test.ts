/** House style as a test: sizes, banned tokens with their replacement, leftovers, dead files. */

import { describe, expect, test } from "bun:test";
import type { Source } from "./sources.ts";
import { edges, sources } from "./sources.ts";

const FILE_LINES_MAX = 400;
const COLUMNS_MAX = 100;
const FUNCTION_LINES_MAX = 60;

interface Ban {
  readonly token: RegExp;
  readonly except: readonly string[];
  readonly instead: string;
}

const CLOCKS = ["agent/io/clock.ts", "agent/io/store/thread-clock.ts", "agent/worker/libc.ts"];

const BANS: readonly Ban[] = [
  {
    token: /\b(Date\.now|performance\.now|Bun\.nanoseconds)\b/,
    except: CLOCKS,
    instead: "take `now` as an argument or use the Clock port",
  },
  { token: /\b(setTimeout|setInterval)\b/, except: CLOCKS, instead: "use the Timers port" },
  { token: /\bMath\.random\b/, except: [], instead: "take a seeded generator as an argument" },
  { token: /\bnew Date\(\)/, except: [], instead: "use the Clock port" },
  {
    token: /\bconsole\./,
    except: ["agent/cli/", "agent/io/log.ts"],
    instead: "use the Log port",
  },
  { token: /\bprocess\.exit\(/, except: ["agent/main.ts"], instead: "return an exit code" },
  { token: /\bas unknown as\b/, except: [], instead: "check or construct the value" },
  { token: /\bas any\b|: any\b|<any>/, except: [], instead: "use unknown and narrow it" },
  { token: /\b(TODO|FIXME|XXX|HACK)\b/, except: [], instead: "do it, or write it in the issue" },
  { token: /\bexport default\b/, except: [], instead: "use a named export" },
  { token: /^\s*(export )?(const )?enum\b/, except: [], instead: "use a union of literals" },
];

const program = sources("agent/**/*.{ts,tsx}");
const everything = [
  ...program,
  ...sources("{core-wasm,scripts}/**/*.ts"),
  ...sources("tests/**/*.ts"),
];

function isExcepted(path: string, except: readonly string[]): boolean {
  return except.some((prefix) => path.startsWith(prefix));
}

/**
 * Longest run of lines of one top-level function or method, by indentation of its closing brace.
 */
function longFunctions({ path, lines }: Source): string[] {
  const found: string[] = [];
  for (const [start, line] of lines.entries()) {
    const opening =
      /^(\s{0,2})(export )?(async )?(function\b|(static |get |set |async )*[#\w]+\().*\{$/;
    const indent = opening.exec(line)?.[1];
    if (indent === undefined) continue;
    const end = lines.findIndex((other, i) => i > start && other === `${indent}}`);
    if (end - start + 1 > FUNCTION_LINES_MAX) {
      found.push(`${path}:${start + 1} has ${end - start + 1} lines: ${line.trim()}`);
    }
  }
  return found;
}

describe("tidy", () => {
  test("files stay short enough to hold one thing", () => {
    const long = everything
      .filter((source) => source.lines.length > FILE_LINES_MAX + 1)
      .map((source) => `${source.path} has ${source.lines.length} lines`);
    expect(long).toEqual([]);
  });

  test("lines fit the page", () => {
    const wide = everything.flatMap(({ path, lines }) =>
      lines
        .map((line, i) => ({ line, at: `${path}:${i + 1}` }))
        .filter(
          ({ line }) => line.length > COLUMNS_MAX && !/https?:|"[^"]{60,}|`[^`]{60,}/.test(line),
        )
        .map(({ at, line }) => `${at} has ${line.length} columns`),
    );
    expect(wide).toEqual([]);
  });

  test("functions stay short", () => {
    expect(program.flatMap(longFunctions)).toEqual([]);
  });

  test("banned tokens do not appear", () => {
    const found = program.flatMap(({ path, lines }) =>
      BANS.filter((ban) => !isExcepted(path, ban.except)).flatMap((ban) =>
        lines
          .map((line, i) => ({ line, at: `${path}:${i + 1}` }))
          .filter(({ line }) => ban.token.test(line) && !/^\s*(\/\/|\*|\/\*)/.test(line))
          .map(({ at, line }) => `${at}: ${line.trim()} -> ${ban.instead}`),
      ),
    );
    expect(found).toEqual([]);
  });

  test("every file opens with what it is responsible for", () => {
    const silent = program
      .filter(({ text }) => !/^(#!.*\n)?(\/\*\*|\/\/)/.test(text))
      .map(({ path }) => path);
    expect(silent).toEqual([]);
  });

  test("fast-check is taken with the seed of the gate", () => {
    const found = sources("tests/**/*.ts")
      .filter(({ path }) => path !== "tests/support/property.ts")
      .filter(({ text }) => /^import .* from "fast-check";/m.test(text))
      .map(({ path }) => `${path}: import { fc } from tests/support/property.ts`);
    expect(found).toEqual([]);
  });

  test("no test is focused or left to do", () => {
    const marked = sources("tests/**/*.ts")
      .filter(({ path }) => !path.endsWith("tidy.test.ts"))
      .filter(({ text }) => /\.(only|todo)\(/.test(text))
      .map(({ path }) => path);
    expect(marked).toEqual([]);
  });

  test("no module is dead", () => {
    const reached = new Set([...everything].flatMap(edges).map((edge) => edge.to));
    const entries = new Set(["agent/main.ts", "agent/io/store/checkpoint-worker.ts"]);
    const dead = program
      .map(({ path }) => path)
      .filter((path) => !path.endsWith(".d.ts") && !reached.has(path) && !entries.has(path));
    expect(dead).toEqual([]);
  });
});
