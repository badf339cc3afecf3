/** The texts of the OTLP section: URLs, header names and values, names of destinations. */

import { FILE_FORM } from "./host.ts";
import type { TextForm } from "./section.ts";
import { textForm } from "./section.ts";

export const URL_FORM: TextForm = {
  want: `an http or https URL such as "https://collector.example.net:4318"`,
  accepts: isHttpUrl,
};

/** Credentials belong into a header, where no log shows them. */
export function isHttpUrl(text: string): boolean {
  if (!/^https?:\/\/[!-~]+$/.test(text) || !URL.canParse(text)) return false;
  const { username, password, hash } = new URL(text);
  return username === "" && password === "" && hash === "";
}

export function isFile(text: string): boolean {
  return FILE_FORM.accepts(text);
}

/** OTLP 1.5, "OTLP/HTTP Request": the base URL, then the path of the signal. */
export function signalUrl(base: string, signal: "metrics" | "logs"): string {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/v1/${signal}`;
  return url.href;
}

/** RFC 9110 5.6.2. */
export const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;
/** RFC 9110 5.5, without leading or trailing blanks. */
export const HEADER_VALUE = /^[\x21-\x7e\x80-\xff]([\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?$/;
/** Ours to set: they say what the body is. */
export const OWN_HEADERS = ["content-type", "content-encoding", "content-length", "host"];

export const NAME_FORM = textForm(
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
  "1 to 63 of letters, digits, . _ -",
);
