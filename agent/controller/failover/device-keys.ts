/** Notices what others changed about a device: its link, its addresses, its routes in main. */

import { isOurRoute } from "../../routing/facts.ts";
import type { NetState } from "../../wire/net-frames.ts";
import { netJson } from "../../wire/net-json.ts";

export class DeviceKeys {
  readonly #keys = new Map<string, string>();

  /** The devices of which something is not as at the last call. */
  changed(state: NetState, devices: readonly string[]): readonly string[] {
    return devices.filter((device) => {
      const key = keyOf(state, device);
      const isNews = this.#keys.get(device) !== key;
      this.#keys.set(device, key);
      return isNews;
    });
  }
}

function keyOf({ links, addresses, routes }: NetState, device: string): string {
  const link = links.find(({ name }) => name === device);
  if (link === undefined) return "";
  return netJson([
    link,
    addresses.filter(({ index }) => index === link.index),
    routes.filter((route) => route.oif === link.index && !isOurRoute(route)),
  ]);
}
