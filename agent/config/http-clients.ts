/** Clients of the API with tokens and roles of their own, beside the one of `token_file`. */

import type { HttpClientConfig } from "../domain/config.ts";
import { FILE_FORM } from "./host.ts";
import type { KeyOf } from "./keys.ts";
import { KEYS } from "./keys.ts";
import { NAME_FORM } from "./otlp-forms.ts";
import { quote } from "./raw.ts";
import type { Section } from "./section.ts";
import { has, openSection, readChoice, readList, rejectKey, requireText } from "./section.ts";

export const ROLES = ["read", "operate", "admin"] as const;
const CLIENTS_MAX = 64;

export function readClients(http: Section<KeyOf<"http">>): readonly HttpClientConfig[] {
  const items = readList(http, "clients");
  if (items.length > CLIENTS_MAX) {
    rejectKey(http, "clients", `cannot use ${items.length}: want at most ${CLIENTS_MAX}`);
  }
  const names = new Set<string>();
  return items.flatMap((item) => {
    const section = openSection(item, KEYS.httpClient, http.report);
    const name = requireText(section, "name", NAME_FORM);
    const token_file = requireText(section, "token_file", FILE_FORM);
    if (!has(section, "role")) rejectKey(section, "role", `missing: want ${ROLES.join(", ")}`);
    const role = readChoice(section, "role", ROLES, "read");
    if (name === null || token_file === null) return [];
    if (names.has(name)) rejectKey(section, "name", `cannot use ${quote(name)} twice`);
    names.add(name);
    return [{ name, token_file, role }];
  });
}
