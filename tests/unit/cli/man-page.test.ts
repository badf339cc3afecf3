import { describe, expect, test } from "bun:test";
import { COMMANDS } from "../../../agent/cli/commands.ts";
import { manPage } from "../../../agent/cli/man-page.ts";

/** Formatted, with groff's complaints. */
function format(roff: string) {
  const groff = ["groff", "-man", "-ww", "-Tascii", "-P-cbou"];
  const { exitCode, stdout, stderr } = Bun.spawnSync(groff, { stdin: Buffer.from(roff) });
  return { exitCode, out: stdout.toString(), err: stderr.toString() };
}

describe("manPage()", () => {
  test("formats without a warning", () => {
    const { exitCode, err } = format(manPage(COMMANDS));
    expect([exitCode, err]).toEqual([0, ""]);
  });

  test("shows every command and every option", () => {
    const { out } = format(manPage(COMMANDS));
    for (const { name, options } of COMMANDS) {
      expect(out).toMatch(new RegExp(`^ {3}${name}( |$)`, "m"));
      for (const option of Object.keys(options)) expect(out).toContain(`--${option}`);
    }
  });

  test("keeps roff out of what texts say", () => {
    const odd = {
      name: "odd",
      summary: ".SH not \\fBa\\fR heading",
      operands: 'A"B',
      options: { x: { type: "boolean" as const, help: "'quoted\n.TP" } },
      notes: ".de x",
      run: async () => 0,
    };
    const { out, err } = format(manPage([odd]));
    expect(err).toBe("");
    expect(out).toContain(".SH not \\fBa\\fR heading");
    expect(out).toContain('odd A"B');
    expect(out).toContain(".TP");
  });
});
