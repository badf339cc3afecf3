import { describe, expect, test } from "bun:test";
import type { LogFields } from "../../../agent/controller/ports.ts";
import { unixMillis } from "../../../agent/domain/units.ts";
import type { LogEntry, LogLevel, LogOptions } from "../../../agent/io/log.ts";
import {
  BURST_MAX,
  createLog,
  formatHuman,
  formatLogfmt,
  formatValue,
  REPEAT_SPAN_MS,
  sanitize,
  TEXT_CHARS_MAX,
  wantsColor,
  wantsPriority,
} from "../../../agent/io/log.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const AT = unixMillis(Date.UTC(2026, 0, 2, 3, 4, 5, 678));

function entry(message: string, fields: LogFields = {}, level: LogLevel = "info"): LogEntry {
  return { at: AT, level, role: "controller", message, fields };
}

function setUp(overrides: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const clock = new FakeClock(0, AT);
  const log = createLog({
    stream: (line) => lines.push(line),
    terminal: false,
    color: false,
    priority: false,
    level: "info",
    role: "controller",
    clock,
    ...overrides,
  });
  return { lines, clock, log };
}

describe("formatLogfmt()", () => {
  test("formatLogfmt() writes time, level, role, message and fields", () => {
    const fields = { path: "fiber", score: 12.5, sane: true, was: null };
    expect(formatLogfmt(entry("path is down", fields, "warn"))).toBe(
      'ts=2026-01-02T03:04:05.678Z level=warn role=controller msg="path is down"' +
        " path=fiber score=12.5 sane=true was=null",
    );
  });

  test("formatLogfmt() keeps a hostile value inside its quotes and its line", () => {
    const line = formatLogfmt(entry("name resolved", { host: 'x" level=error msg="y\nts=1 z' }));
    expect(line).toEndWith(String.raw`host="x\" level=error msg=\"y\nts=1 z"`);
    expect(line).not.toContain("\n");
  });
});

describe("formatHuman()", () => {
  test("formatHuman() pads the level and sets the fields apart", () => {
    const time = new Date(AT).toTimeString().slice(0, 8);
    expect(formatHuman(entry("started", { paths: 3 }), false)).toBe(
      `${time} info  started  paths=3`,
    );
    expect(formatHuman(entry("started", {}, "error"), false)).toBe(`${time} error started`);
  });

  test("formatHuman() colours the level and nothing else", () => {
    const line = formatHuman(entry("careful", { a: 1 }, "warn"), true);
    expect(line).toEndWith(" \u001b[33mwarn \u001b[0m careful  a=1");
  });

  test("formatHuman() takes a terminal's escape sequences their power", () => {
    const line = formatHuman(entry("seen", { ssid: "\u001b[2Jfree \u009b1m" }), false);
    expect(line).toEndWith(String.raw`ssid="\u001b[2Jfree \u009b1m"`);
  });
});

describe("formatValue()", () => {
  const rows = [
    { name: "plain", value: "eth0.5", want: "eth0.5" },
    { name: "empty", value: "", want: '""' },
    { name: "blank", value: "a b", want: '"a b"' },
    { name: "equals sign", value: "a=b", want: '"a=b"' },
    { name: "backslash", value: "a\\b", want: String.raw`"a\\b"` },
    { name: "tab", value: "\t", want: String.raw`"\t"` },
    { name: "carriage return", value: "\r", want: String.raw`"\r"` },
    { name: "NUL", value: "\0", want: String.raw`"\u0000"` },
    { name: "DEL", value: "\u007f", want: String.raw`"\u007f"` },
    { name: "line separator", value: "\u2028", want: String.raw`"\u2028"` },
    { name: "right-to-left override", value: "\u202e", want: String.raw`"\u202e"` },
    { name: "lone surrogate", value: "\ud83d", want: String.raw`"\ud83d"` },
    { name: "letters beyond ASCII", value: "Köln🚀", want: "Köln🚀" },
    { name: "number", value: -0.5, want: "-0.5" },
    { name: "null", value: null, want: "null" },
  ];
  test.each(rows)("formatValue() of $name", ({ value, want }) => {
    expect(formatValue(value)).toBe(want);
  });

  test("sanitize() cuts a text one character beyond the maximum, and not before", () => {
    expect(sanitize("x".repeat(TEXT_CHARS_MAX))).toHaveLength(TEXT_CHARS_MAX);
    expect(sanitize("x".repeat(TEXT_CHARS_MAX + 1))).toBe(`${"x".repeat(TEXT_CHARS_MAX)}…`);
    expect(formatValue(`"${"x".repeat(10_000)}`).length).toBe(TEXT_CHARS_MAX + 4);
  });
});

describe("createLog()", () => {
  test("createLog() writes nothing below its level", () => {
    const { log, lines } = setUp({ level: "warn" });
    log.debug("a");
    log.info("b");
    log.warn("c");
    log.error("d");
    expect(lines.map((line) => /msg="(.)"/.exec(line)?.[1])).toEqual(["c", "d"]);
  });

  test("createLog() puts the syslog priority first when asked", () => {
    const { log, lines } = setUp({ priority: true, level: "debug" });
    log.debug("a");
    log.info("a");
    log.warn("a");
    log.error("a");
    expect(lines.map((line) => line.slice(0, 4))).toEqual(["<7>t", "<6>t", "<4>t", "<3>t"]);
  });

  test("createLog() withholds equal lines beyond a burst and then says how many", () => {
    const { log, lines, clock } = setUp();
    for (let i = 0; i < BURST_MAX + 40; i++) log.warn("send refused", { errno: 1 });
    expect(lines).toHaveLength(BURST_MAX);
    clock.advance(REPEAT_SPAN_MS - 1);
    log.info("something else");
    expect(lines).toHaveLength(BURST_MAX + 1);
    clock.advance(1);
    log.warn("send refused", { errno: 1 });
    expect(lines.at(-2)).toContain('msg="send refused (repeated 40 times)" errno=1');
    expect(lines.at(-1)).toContain('msg="send refused" errno=1');
  });

  test("createLog() tells lines apart by their fields", () => {
    const { log, lines } = setUp();
    for (let i = 0; i < 20; i++) log.info("path is up", { path: `path${i}` });
    expect(lines).toHaveLength(20);
  });

  test("createLog() ends a span when the wall clock steps back", () => {
    const { log, lines, clock } = setUp();
    for (let i = 0; i < BURST_MAX + 1; i++) log.info("again");
    clock.stepWall(-86_400_000);
    log.info("again");
    expect(lines.at(-2)).toContain("(repeated 1 times)");
    expect(lines).toHaveLength(BURST_MAX + 2);
  });

  test("createLog() watches a bounded number of lines and writes the others", () => {
    const { log, lines } = setUp();
    for (let i = 0; i < 200; i++) log.info("line", { i });
    for (let i = 0; i < 10; i++) log.info("line", { i: 199 });
    expect(lines).toHaveLength(210);
  });
});

describe("wantsColor() and wantsPriority()", () => {
  test("wantsColor() needs a terminal and an unset or empty NO_COLOR", () => {
    expect(wantsColor(true, {})).toBe(true);
    expect(wantsColor(true, { NO_COLOR: "" })).toBe(true);
    expect(wantsColor(true, { NO_COLOR: "0" })).toBe(false);
    expect(wantsColor(false, {})).toBe(false);
  });

  test("wantsPriority() is true under the journal", () => {
    expect(wantsPriority({ JOURNAL_STREAM: "8:1234" })).toBe(true);
    expect(wantsPriority({})).toBe(false);
  });
});
