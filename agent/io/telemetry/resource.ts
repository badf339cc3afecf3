/** Who sends: few attributes, because some receivers copy them onto every series. */

import type { Resource } from "@opentelemetry/resources";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { NodeConfig } from "../../domain/config.ts";
import { VERSION } from "../../domain/version.ts";

/** `given` is the environment's (OTEL_RESOURCE_ATTRIBUTES), and wins. */
export function resourceOf(node: NodeConfig, given: Readonly<Record<string, string>>): Resource {
  return resourceFromAttributes({
    "service.name": "patronus-agent",
    "service.version": VERSION,
    "service.instance.id": node.id,
    "host.name": node.id,
    ...(node.site === "" ? {} : { site: node.site }),
    ...node.labels,
    ...given,
  });
}
