/** What `version` prints. The build replaces the defaults (scripts/build.ts, --define). */

declare const PATRONUS_VERSION: string | undefined;
declare const PATRONUS_GIT: string | undefined;
declare const PATRONUS_TARGET: string | undefined;

export const VERSION = typeof PATRONUS_VERSION === "string" ? PATRONUS_VERSION : "0.1.0-source";
export const GIT = typeof PATRONUS_GIT === "string" ? PATRONUS_GIT : "unknown";
export const TARGET = typeof PATRONUS_TARGET === "string" ? PATRONUS_TARGET : "source";
