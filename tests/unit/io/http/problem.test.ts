import { expect, test } from "bun:test";
import { problemResponse } from "../../../../agent/io/http/problem.ts";

test("problemResponse() is a document of RFC 9457 with the occurrence as instance", async () => {
  const response = problemResponse(
    {
      kind: "unauthorized",
      detail: "cannot",
      extensions: { errors: [1] },
      headers: { "www-authenticate": "Bearer" },
    },
    "0-1",
  );
  expect(response.status).toBe(401);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(response.headers.get("www-authenticate")).toBe("Bearer");
  expect(await response.json()).toEqual({
    type: "urn:patronus:problem:unauthorized",
    title: "Token needed",
    status: 401,
    detail: "cannot",
    instance: "urn:uuid:0-1",
    errors: [1],
  });
});
