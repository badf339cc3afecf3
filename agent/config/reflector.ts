/** The STAMP reflector: where it listens, whom it answers, how often. */

import { isLoopback } from "../domain/address.ts";
import type { ReflectorConfig } from "../domain/config.ts";
import { parseSocketAddress } from "../domain/socket-address.ts";
import { FILE_FORM, PREFIX_FORM } from "./host.ts";
import type { KeyOf } from "./keys.ts";
import { KEYS } from "./keys.ts";
import type { Section, TextForm } from "./section.ts";
import {
  has,
  isEmptyList,
  itemAt,
  readFlag,
  readInteger,
  readList,
  readText,
  readTexts,
  rejectKey,
  requireText,
  subsection,
} from "./section.ts";

/** Far above what one prober sends, far below what would slow our own probing. */
const DEFAULT_RATE = 100;
const RATE_MAX = 100_000;
/** The worker compares them one by one, and all of them fit one message to it. */
const ALLOW_MAX = 256;
const LISTEN_MAX = 16;

const LISTEN_FORM: TextForm = {
  want: `address:port such as "192.0.2.1:862" or "[::]:862"`,
  accepts: (text) => parseSocketAddress(text) !== null,
};

/** null: switched off (`reflector: ~` or nothing below it). */
export function readReflector(root: Section<KeyOf<"root">>): ReflectorConfig | null {
  const section = subsection(root, "reflector", KEYS.reflector);
  if (section.map.entries.size === 0) return null;
  const config = {
    listen: readListeners(section),
    allow: readTexts(section, "allow", PREFIX_FORM),
    key_file: readText(section, "key_file", FILE_FORM, null),
    stateful: readFlag(section, "stateful", false),
    rate: readInteger(section, "rate", { min: 1, max: RATE_MAX, unit: "/s" }, DEFAULT_RATE),
  };
  rejectCrowd(section, "listen", config.listen.length, LISTEN_MAX);
  rejectCrowd(section, "allow", config.allow.length, ALLOW_MAX);
  rejectOpenDoor(section, config);
  return config;
}

/** One address, or a list of them: IPv4 and IPv6 are separate listeners. */
function readListeners(section: Section<KeyOf<"reflector">>): readonly string[] {
  const { raw } = itemAt(section, "listen");
  if (raw.kind === "list" && !isEmptyList({ raw, key: "listen" })) {
    return readTexts(section, "listen", LISTEN_FORM);
  }
  if (raw.kind === "list") rejectKey(section, "listen", `missing: want ${LISTEN_FORM.want}`);
  const listen = raw.kind === "list" ? null : requireText(section, "listen", LISTEN_FORM);
  return listen === null ? [] : [listen];
}

function rejectCrowd(
  section: Section<KeyOf<"reflector">>,
  name: "listen" | "allow",
  count: number,
  max: number,
): void {
  if (count > max) rejectKey(section, name, `cannot use ${count} entries: want at most ${max}`);
}

/** An open reflector answers whoever a spoofed source names, so beyond loopback it needs a list. */
function rejectOpenDoor(section: Section<KeyOf<"reflector">>, config: ReflectorConfig): void {
  if (readList(section, "allow").length > 0) return;
  const open = config.listen.find((text) => {
    const parsed = parseSocketAddress(text);
    return parsed !== null && !isLoopback(parsed.address);
  });
  if (open === undefined) return;
  const message =
    `cannot answer everybody on "${open}": ` +
    "want allow: the prefixes that may ask, such as [10.0.0.0/8, fd00::/8], or a loopback address";
  rejectKey(section, has(section, "allow") ? "allow" : "listen", message);
}
