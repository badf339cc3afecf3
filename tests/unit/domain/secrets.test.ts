import { describe, expect, test } from "bun:test";
import { isSecretName, MASK, masked, maskUrls } from "../../../agent/domain/secrets.ts";

describe("isSecretName()", () => {
  test.each(["token", "api_key", "routing-key", "Authorization", "smtp_password", "psk", "secret"])(
    "takes %s for a secret",
    (name) => expect(isSecretName(name)).toBe(true),
  );
  test.each(["token_file", "key", "keys", "path", "author", "passive", "tokens_per_second"])(
    "takes %s for none",
    (name) => expect(isSecretName(name)).toBe(false),
  );
});

describe("maskUrls()", () => {
  test.each([
    ["https://u:p@h.example/x", `https://${MASK}@h.example/x`],
    ["see https://h.example/a?k=v#f now", `see https://h.example/a?${MASK} now`],
    [
      "https://hooks.example/services/T0001/B0002/abcdef123456XYZ",
      `https://hooks.example/services/T0001/B0002/${MASK}`,
    ],
    ["http://collector:4318/v1/metrics", "http://collector:4318/v1/metrics"],
    ["no address", "no address"],
  ])("%s", (text, want) => expect(maskUrls(text)).toBe(want));
});

test("masked() hides secrets at every depth and keeps the rest", () => {
  const value = {
    a: [{ token: "t", name: "n" }],
    headers: { "x-any": "v" },
    token_file: "/etc/t",
    password: null,
  };
  expect(masked(value)).toEqual({
    a: [{ token: MASK, name: "n" }],
    headers: { "x-any": MASK },
    token_file: "/etc/t",
    password: null,
  });
});
