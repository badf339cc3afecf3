/**
 * A request that leaves from the address of one device. The source address alone does not choose
 * the way: the agent's own rules do (each path's addresses look into its own table), or the rules
 * of whoever manages the routes. Loaded only for such a destination: node:http costs 5 MB.
 */

import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { networkInterfaces } from "node:os";
import type { Answer } from "./answer.ts";
import type { Post } from "./sender.ts";

const OCTETS_MAX = 65_536;

/** Rejects like fetch does: no address, no connection, too late. */
export function postBound(post: Post, device: string): Promise<Answer> {
  const source = addressOf(device);
  if (source === null) return Promise.reject(new Error(`no address on ${device}`));
  const isSecure = post.url.startsWith("https:");
  const options = {
    method: "POST",
    headers: { ...post.headers, "content-length": post.body.byteLength },
    localAddress: source.address,
    family: source.family,
    signal: post.signal,
    agent: false,
    ...(isSecure ? post.tls : {}),
  } as const;
  return new Promise((resolve, reject) => {
    const request = (isSecure ? requestHttps : requestHttp)(post.url, options, (response) => {
      const chunks: Buffer[] = [];
      let octets = 0;
      const finish = () => {
        resolve({
          status: response.statusCode ?? 0,
          contentType: response.headers["content-type"] ?? "",
          retryAfter: response.headers["retry-after"] ?? null,
          body: Buffer.concat(chunks).subarray(0, OCTETS_MAX),
        });
        request.destroy();
      };
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        octets += chunk.byteLength;
        if (octets >= OCTETS_MAX) finish();
      });
      response.on("end", finish);
      // Reset or given up in the middle: the status is known.
      response.on("error", finish);
      response.on("aborted", finish);
    });
    request.on("error", reject);
    request.end(post.body);
  });
}

/** IPv4 first: most receivers have it; link-local addresses reach nobody far away. */
function addressOf(device: string): { readonly address: string; readonly family: 4 | 6 } | null {
  const all = networkInterfaces()[device] ?? [];
  const v4 = all.find(({ family }) => family === "IPv4");
  if (v4 !== undefined) return { address: v4.address, family: 4 };
  const v6 = all.find(({ family, address }) => family === "IPv6" && !address.startsWith("fe80:"));
  return v6 === undefined ? null : { address: v6.address, family: 6 };
}
