/** Who may reach the listener: the rule of design 13. */

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseConfig } from "../../../agent/config/parse.ts";

const TLS = "tls: { cert_file: /c, key_file: /k }";
const MUTUAL = "tls: { cert_file: /c, key_file: /k, client_ca_file: /a }";

function httpOf(http: string) {
  const text = `paths: [{ id: a, targets: [192.0.2.1] }]\nhttp: { ${http} }\n`;
  const result = parseConfig([{ name: "a.yaml", text }], {});
  return result.kind === "ok" ? result.config.http : result.problems.map(({ key }) => key);
}

describe("http.listen", () => {
  test("is a loopback address by default", () => {
    expect(httpOf("")).toMatchObject({ listen: "127.0.0.1:9477", tls: null });
  });

  const open = ['"0.0.0.0:1"', '"[::]:1"', '"192.0.2.1:1"'];
  test.each(open)("%s is refused without token, mutual TLS or leave to read", (listen) => {
    const refused = ["http.listen"];
    expect(httpOf(`listen: ${listen}`)).toEqual(refused);
    // Encrypted for everybody is still for everybody.
    expect(httpOf(`listen: ${listen}, ${TLS}`)).toEqual(refused);
    for (const leave of ["token_file: /t", MUTUAL, "allow_anonymous_read: true"]) {
      expect(httpOf(`listen: ${listen}, ${leave}`)).toHaveProperty("listen");
    }
  });

  test.each(['"127.0.0.1:1"', '"127.9.9.9:1"', '"[::1]:1"', '"localhost:1"', "~"])(
    "%s needs none of them",
    (listen) => expect(httpOf(`listen: ${listen}`)).toHaveProperty("listen"),
  );
});

describe("http.tls", () => {
  test("needs certificate and key, by absolute paths", () => {
    expect(httpOf("tls: { cert_file: /c }")).toEqual(["http.tls.key_file"]);
    expect(httpOf("tls: { cert_file: c, key_file: /k }")).toEqual(["http.tls.cert_file"]);
    expect(httpOf(MUTUAL)).toMatchObject({
      tls: { cert_file: "/c", key_file: "/k", client_ca_file: "/a" },
    });
  });
});

test("the token is compared in constant time and nowhere else", () => {
  const guard = readFileSync(join(import.meta.dir, "../../../agent/io/http/guard.ts"), "utf8");
  expect(guard).toContain("timingSafeEqual(digest(given), token)");
  expect(guard).not.toMatch(/given [!=]== (?!undefined)|[!=]== given/);
});
