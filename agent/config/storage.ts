/** Where history lies and for how long. */

import type { StorageConfig } from "../domain/config.ts";
import { FILE_FORM } from "./host.ts";
import type { KeyOf } from "./keys.ts";
import { KEYS } from "./keys.ts";
import type { Section } from "./section.ts";
import { readDuration, readInteger, readText, subsection } from "./section.ts";

const HOUR = 3_600;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

export const DEFAULT_STORAGE: StorageConfig = {
  path: "/var/lib/patronus/patronus.db",
  // A crash loses at most these minutes of history; 1800 halves the wear of the flash.
  flush_interval_secs: 300,
  retention: {
    raw_secs: 7 * DAY,
    rollup_5m_secs: 90 * DAY,
    rollup_1h_secs: 400 * DAY,
    rollup_1d_secs: 5 * YEAR,
    events_secs: 400 * DAY,
  },
  // Ten paths at these ages take 45 MB.
  max_size_mb: 64,
};

/** A row waits in memory until the flush. */
const FLUSH = { min: 1, max: 6 * HOUR, unit: "s" };
const RETENTION = { min: HOUR, max: 20 * YEAR };
/** Below 8 MB not even a day of ten paths fits. */
const SIZE = { min: 8, max: 65_536, unit: "MB" };

export function readStorage(root: Section<KeyOf<"root">>): StorageConfig {
  const section = subsection(root, "storage", KEYS.storage);
  const ages = subsection(section, "retention", KEYS.retention);
  const { retention, ...base } = DEFAULT_STORAGE;
  return {
    path: readText(section, "path", FILE_FORM, base.path),
    flush_interval_secs: readInteger(
      section,
      "flush_interval_secs",
      FLUSH,
      base.flush_interval_secs,
    ),
    retention: {
      raw_secs: readDuration(ages, "raw", RETENTION, retention.raw_secs),
      rollup_5m_secs: readDuration(ages, "rollup_5m", RETENTION, retention.rollup_5m_secs),
      rollup_1h_secs: readDuration(ages, "rollup_1h", RETENTION, retention.rollup_1h_secs),
      rollup_1d_secs: readDuration(ages, "rollup_1d", RETENTION, retention.rollup_1d_secs),
      events_secs: readDuration(ages, "events", RETENTION, retention.events_secs),
    },
    max_size_mb: readInteger(section, "max_size_mb", SIZE, base.max_size_mb),
  };
}
