import { describe, expect, test } from "bun:test";
import { scrub } from "../../../agent/domain/scrub.ts";
import { MASK } from "../../../agent/domain/secrets.ts";
import { fc } from "../../support/property.ts";

describe("scrub()", () => {
  const rows = [
    ["Authorization: Bearer abcd.efgh", `Authorization: ${MASK} ${MASK}`],
    ['{"token":"abc","n":1}', `{"token":"${MASK}","n":1}`],
    ["smtp_password=hunter2, next", `smtp_password=${MASK}, next`],
    ["http://u:p@h.example/a", `http://${MASK}@h.example/a`],
    ["-----BEGIN EC PRIVATE KEY-----\nAAA\n-----END EC PRIVATE KEY-----\nrest", `${MASK}\nrest`],
    ["-----BEGIN PRIVATE KEY-----\ncut off", MASK],
    ['"token_file":"/etc/patronus/token"', '"token_file":"/etc/patronus/token"'],
    ["token: null, token: 3", "token: null, token: 3"],
    ['patronus_sdwan_path_score{path="a"} 99', 'patronus_sdwan_path_score{path="a"} 99'],
  ] as const;
  test.each(rows)("%s", (text, want) => expect(scrub(text, [])).toBe(want));

  test("takes known secrets as JSON and addresses write them too", () => {
    const secret = 'q"ü\\x/1';
    const text = [secret, JSON.stringify(secret), encodeURIComponent(secret)].join(" ");
    expect(scrub(text, [secret])).toBe(`${MASK} "${MASK}" ${MASK}`);
  });

  test("leaves no known secret in any text", () => {
    const secret = fc.string({ minLength: 6, maxLength: 30 }).filter((one) => !/\*{2}/.test(one));
    fc.assert(
      fc.property(secret, fc.string(), fc.string({ unit: "binary" }), (one, before, after) => {
        expect(scrub(before + one + after, [one])).not.toContain(one);
      }),
    );
  });

  test("keeps up with a long line without end", () => {
    for (const unit of ["token", "a=", '"', "http://", "bearer ", "password: \\"]) {
      const started = performance.now();
      scrub(unit.repeat(50_000), ["nothing"]);
      expect(performance.now() - started).toBeLessThan(2_000);
    }
  });
});
