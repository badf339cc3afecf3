import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parsePublicKey, parseSignature, verifySigned } from "../../../agent/update/minisign.ts";
import {
  makeKey,
  publicKeyFile,
  secretKeyFile,
  signatureFile,
} from "../../../scripts/release/signing.ts";
import { publicKeyOf } from "../../support/update-documents.ts";

const KEY = makeKey();
const CONTENT = new TextEncoder().encode("what is signed\n");
const SIGNED = signatureFile(KEY, CONTENT, "file:x\thashed");
const KEYS = [publicKeyOf(makeKey()), publicKeyOf(KEY)];

/** One character of one line becomes another one. */
function changed(text: string, line: number, at: number): string {
  const lines = text.split("\n");
  const old = lines[line] ?? "";
  const other = old[at] === "A" ? "B" : "A";
  lines[line] = `${old.slice(0, at)}${other}${old.slice(at + 1)}`;
  return lines.join("\n");
}

describe("verifySigned()", () => {
  test("names the key and the trusted comment", () => {
    const verdict = verifySigned(CONTENT, SIGNED, KEYS);
    expect(verdict).toMatchObject({ kind: "signed", trustedComment: "file:x\thashed" });
    expect(verdict.kind === "signed" && verdict.by.id).toBe(publicKeyOf(KEY).id);
  });

  test("refuses another content, a key that is not trusted, and no key", () => {
    const other = new TextEncoder().encode("what is not signed\n");
    expect(verifySigned(other, SIGNED, KEYS).kind).toBe("refused");
    expect(verifySigned(CONTENT, SIGNED, KEYS.slice(0, 1)).kind).toBe("refused");
    expect(verifySigned(CONTENT, SIGNED, []).kind).toBe("refused");
  });

  test("refuses a key of the same id and another point", () => {
    const point = publicKeyOf(makeKey()).point;
    const imposter = { ...publicKeyOf(KEY), point };
    expect(verifySigned(CONTENT, SIGNED, [imposter]).kind).toBe("refused");
  });

  test("refuses a change of any part of the signature file", () => {
    for (const [line, at] of [
      [1, 30],
      [1, 80],
      [2, 20],
      [3, 10],
    ] as const) {
      expect(verifySigned(CONTENT, changed(SIGNED, line, at), KEYS).kind).toBe("refused");
    }
    expect(verifySigned(CONTENT, changed(SIGNED, 0, 25), KEYS).kind).toBe("signed");
  });
});

describe("parseSignature()", () => {
  test("takes no other algorithm, no lack and no surplus of lines", () => {
    const [, body = ""] = SIGNED.split("\n");
    const legacy = `${Buffer.from("Ed").toString("base64").slice(0, 2)}${body.slice(2)}`;
    expect(parseSignature(SIGNED)).not.toBeNull();
    expect(parseSignature(SIGNED.replaceAll("\n", "\r\n"))).not.toBeNull();
    expect(parseSignature(SIGNED.replace(body, legacy))).toBeNull();
    expect(parseSignature(SIGNED.split("\n").slice(0, 3).join("\n"))).toBeNull();
    expect(parseSignature(`${SIGNED}more\n`)).toBeNull();
    expect(parseSignature(SIGNED + "x".repeat(4_000))).toBeNull();
    expect(parseSignature("")).toBeNull();
  });
});

describe("parsePublicKey()", () => {
  test("takes a file or its line, and nothing else", () => {
    const file = publicKeyFile(KEY);
    expect(parsePublicKey(file)).toEqual(parsePublicKey(file.split("\n")[1] ?? ""));
    for (const text of [
      "",
      "untrusted comment: x\n",
      "RWQ=",
      `A${file.split("\n")[1]?.slice(1)}`,
    ]) {
      expect(parsePublicKey(text)).toBeNull();
    }
  });
});

describe("the program minisign", () => {
  const folder = mkdtempSync(join(tmpdir(), "minisign-"));
  const path = (name: string) => join(folder, name);
  writeFileSync(path("key"), secretKeyFile(KEY), { mode: 0o600 });
  writeFileSync(path("key.pub"), publicKeyFile(KEY));
  writeFileSync(path("x"), CONTENT);

  test("accepts what is signed here, and is accepted here", () => {
    try {
      writeFileSync(path("x.minisig"), SIGNED);
      const verified = Bun.spawnSync(["minisign", "-V", "-m", path("x"), "-p", path("key.pub")]);
      expect(verified.stdout.toString()).toContain("Signature and comment signature verified");
      const sign = ["minisign", "-S", "-s", path("key"), "-m", path("x"), "-t", "by the program"];
      expect(Bun.spawnSync(sign).exitCode).toBe(0);
      const theirs = readFileSync(path("x.minisig"), "utf8");
      expect(verifySigned(CONTENT, theirs, KEYS)).toMatchObject({
        kind: "signed",
        trustedComment: "by the program",
      });
      writeFileSync(path("x"), "another");
      const refused = Bun.spawnSync(["minisign", "-V", "-m", path("x"), "-p", path("key.pub")]);
      expect(refused.exitCode).not.toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
