/**
 * The log: one line per event, for people on a terminal, logfmt otherwise. Whatever comes from
 * outside is data here: control characters are escaped, so that a host name cannot forge a line or
 * move the cursor. Equal lines are limited, because the log of a small box is a ring of 64 KB.
 */

import { writeSync } from "node:fs";
import type { Clock, Log, LogFields } from "../controller/ports.ts";
import type { Display } from "../domain/run-plan.ts";
import type { UnixMillis } from "../domain/units.ts";

export type LogLevel = Display["level"];

export interface LogOptions {
  /** A function gets whole lines, with their newline. */
  readonly stream: "stdout" | "stderr" | ((line: string) => void);
  /** Lines for people instead of logfmt. */
  readonly terminal: boolean;
  /** Only with `terminal`; see `wantsColor`. */
  readonly color: boolean;
  /** Prefix `<N>` with the syslog priority: journald reads it from a plain stream. */
  readonly priority: boolean;
  /** The least level that is written. */
  readonly level: LogLevel;
  /** The process that speaks: supervisor, controller, worker. */
  readonly role: string;
  readonly clock: Pick<Clock, "wall">;
}

export interface LogEntry {
  readonly at: UnixMillis;
  readonly level: LogLevel;
  readonly role: string;
  readonly message: string;
  readonly fields: LogFields;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** https://no-color.org: any value but the empty one switches colours off. */
export function wantsColor(terminal: boolean, environment: Environment): boolean {
  return terminal && (environment["NO_COLOR"] ?? "") === "";
}

/** systemd.exec(5): set when the stream is connected to the journal. */
export function wantsPriority(environment: Environment): boolean {
  return (environment["JOURNAL_STREAM"] ?? "") !== "";
}

/** RFC 5424 6.2.1 severities, which are also the numbers of sd-daemon(3); they order the levels. */
const SEVERITY = { debug: 7, info: 6, warn: 4, error: 3 } as const satisfies Record<
  LogLevel,
  number
>;
const COLOR = { debug: "2", info: "32", warn: "33", error: "31" } as const satisfies Record<
  LogLevel,
  string
>;

export function createLog(options: LogOptions): Log {
  const write = writerOf(options.stream);
  const repeats = new Repeats();

  function put(entry: LogEntry): void {
    const prefix = options.priority ? `<${SEVERITY[entry.level]}>` : "";
    const line = options.terminal ? formatHuman(entry, options.color) : formatLogfmt(entry);
    write(`${prefix}${line}\n`);
  }

  function log(level: LogLevel, message: string, fields: LogFields = {}): void {
    if (SEVERITY[level] > SEVERITY[options.level]) return;
    const at = options.clock.wall();
    for (const ended of repeats.takeEnded(at)) put(repeated(ended.entry, ended.count, at));
    const entry = { at, level, role: options.role, message, fields };
    if (repeats.admit(entry)) put(entry);
  }

  return {
    debug: (message, fields) => log("debug", message, fields),
    info: (message, fields) => log("info", message, fields),
    warn: (message, fields) => log("warn", message, fields),
    error: (message, fields) => log("error", message, fields),
  };
}

/** The line that stands for `count` withheld ones. */
function repeated(entry: LogEntry, count: number, at: UnixMillis): LogEntry {
  return { ...entry, at, message: `${entry.message} (repeated ${count} times)` };
}

// --- repeats ------------------------------------------------------------------------------------

/** Equal lines that are written within one span: a path that flaps stays readable. */
export const BURST_MAX = 5;
export const REPEAT_SPAN_MS = 30_000;
/** Different lines that are watched; with more the oldest is let go. */
const WATCHED_MAX = 64;

export interface EndedRepeat {
  readonly entry: LogEntry;
  readonly count: number;
}

/** Withholds equal lines beyond a burst, and tells how many when their span has passed. */
export class Repeats {
  readonly #watched = new Map<string, { readonly entry: LogEntry; seen: number }>();

  /** false: withhold it. */
  admit(entry: LogEntry): boolean {
    const key = `${entry.level} ${entry.message} ${JSON.stringify(entry.fields)}`;
    const known = this.#watched.get(key);
    if (known !== undefined) {
      known.seen++;
      return known.seen <= BURST_MAX;
    }
    if (this.#watched.size < WATCHED_MAX) this.#watched.set(key, { entry, seen: 1 });
    return true;
  }

  /** The lines whose span is over and that were withheld at all. */
  takeEnded(now: UnixMillis): EndedRepeat[] {
    const ended: EndedRepeat[] = [];
    for (const [key, { entry, seen }] of this.#watched) {
      // A wall clock that stepped, either way, ends the span too.
      if (Math.abs(now - entry.at) < REPEAT_SPAN_MS) continue;
      this.#watched.delete(key);
      if (seen > BURST_MAX) ended.push({ entry, count: seen - BURST_MAX });
    }
    return ended;
  }
}

// --- lines --------------------------------------------------------------------------------------

/** `ts=2026-01-02T03:04:05.678Z level=info role=controller msg="..." key=value` */
export function formatLogfmt(entry: LogEntry): string {
  const head = [
    `ts=${new Date(entry.at).toISOString()}`,
    `level=${entry.level}`,
    `role=${entry.role}`,
    `msg=${quote(entry.message)}`,
  ];
  return [...head, ...formatFields(entry.fields)].join(" ");
}

/** `12:34:05 info  message  key=value`, in local time. */
export function formatHuman(entry: LogEntry, color: boolean): string {
  const time = new Date(entry.at).toTimeString().slice(0, 8);
  const level = entry.level.padEnd(5);
  const shown = color ? `\u001b[${COLOR[entry.level]}m${level}\u001b[0m` : level;
  const fields = formatFields(entry.fields).join(" ");
  const line = `${time} ${shown} ${sanitize(entry.message)}`;
  return fields === "" ? line : `${line}  ${fields}`;
}

function formatFields(fields: LogFields): string[] {
  return Object.entries(fields).map(([key, value]) => `${key}=${formatValue(value)}`);
}

export function formatValue(value: LogFields[string]): string {
  if (typeof value !== "string") return String(value);
  const plain = value !== "" && !/[\s"=\\]/.test(value) && sanitize(value) === value;
  return plain ? value : quote(value);
}

function quote(text: string): string {
  return `"${escapeControls(shorten(text).replace(/["\\]/g, "\\$&"))}"`;
}

/** Longer texts are cut: one bad reply must not fill the log. */
export const TEXT_CHARS_MAX = 500;

function shorten(text: string): string {
  return text.length > TEXT_CHARS_MAX ? `${text.slice(0, TEXT_CHARS_MAX)}…` : text;
}

/** The text, cut to a bearable length and without power over a terminal or a reader of lines. */
export function sanitize(text: string): string {
  return escapeControls(shorten(text));
}

/** A terminal or a reader of lines obeys these, or shows something else than is there. */
const UNSAFE = new RegExp(
  [
    "[\\u0000-\\u001f\\u007f-\\u009f]", // C0, DEL and C1
    "[\\u2028\\u2029\\ufeff]", // line and paragraph separators, byte order mark
    "[\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]", // marks that turn the direction
    "\\p{Surrogate}", // half of a pair
  ].join("|"),
  "gu",
);

function escapeControls(text: string): string {
  return text.replace(UNSAFE, escapeChar);
}

function escapeChar(char: string): string {
  switch (char) {
    case "\n":
      return "\\n";
    case "\r":
      return "\\r";
    case "\t":
      return "\\t";
    default:
      return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  }
}

// --- streams ------------------------------------------------------------------------------------

function writerOf(stream: LogOptions["stream"]): (line: string) => void {
  if (typeof stream === "function") return stream;
  const fd = stream === "stdout" ? 1 : 2;
  return (line) => {
    try {
      writeSync(fd, line);
    } catch {
      // A reader that is gone (EPIPE) or slow (EAGAIN) costs lines, never the agent.
    }
  };
}
