// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax under test
import { describe, expect, test } from "bun:test";
import { substitute } from "../../../agent/config/substitution.ts";

const environment = { NAME: "value", EMPTY: "", NESTED: "${env:NAME}" };

describe("substitute()", () => {
  test.each([
    ["${env:NAME}", "value"],
    ["a ${env:NAME} b ${env:NAME}", "a value b value"],
    ["${env:EMPTY}", ""],
    ["$${env:NAME}", "${env:NAME}"],
    ["${env:NESTED}", "${env:NAME}"],
    ["$5 ${HOME}", "$5 ${HOME}"],
  ])("turns %s into %s", (text, expected) => {
    expect(substitute(text, environment)).toEqual({ kind: "text", text: expected });
  });

  test.each([
    ["${env:ABSENT}", "ABSENT"],
    ["${env:}", '""'],
    ["${env:a-b}", '"a-b"'],
    ["${env:NAME", "close the reference"],
  ])("refuses %s and names what is wrong", (text, says) => {
    const result = substitute(text, environment);
    expect(result.kind === "failed" && result.message).toContain(says);
  });
});
