/**
 * Spellings that files of before `version: 1` and of related programs use, and what they are called
 * here. The parser names the new key in its problem; `config migrate` writes it.
 */

export interface Renamed {
  readonly to: string;
  /** The old key held one value where the new one holds a list. */
  readonly wrap?: true;
}

/** By old spelling; a key counts only where its section knows `to` and not the old one. */
export const RENAMED: ReadonlyMap<string, Renamed> = new Map([
  ["device", { to: "interface" }],
  ["target", { to: "targets", wrap: true }],
  ["backup", { to: "backups", wrap: true }],
  ["interval_seconds", { to: "check_interval_secs" }],
  ["check_interval", { to: "check_interval_secs" }],
  ["probe_count", { to: "probes_per_check" }],
  ["timeout_ms", { to: "probe_timeout_ms" }],
  ["window_size", { to: "window_probes" }],
  ["latency_threshold_ms", { to: "latency_ms" }],
  ["failback_delay", { to: "failback_delay_secs" }],
  ["database", { to: "path" }],
  ["bind", { to: "listen" }],
  ["flush_interval", { to: "flush_interval_secs" }],
]);

/** What an unknown key of a section is called now; null: it never was one. */
export function renamedKey(name: string, known: readonly string[]): Renamed | null {
  const renamed = RENAMED.get(name);
  return renamed !== undefined && known.includes(renamed.to) ? renamed : null;
}
