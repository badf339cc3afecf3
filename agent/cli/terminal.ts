/** What the terminal can take. */

/** Colours only for a person: a terminal, and NO_COLOR unset (no-color.org). */
export function useColor(): boolean {
  return process.stdout.isTTY === true && (process.env["NO_COLOR"] ?? "") === "";
}
