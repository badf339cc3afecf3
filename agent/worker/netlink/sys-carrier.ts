/** /sys/class/net/DEV/carrier as CarrierWatch reads it. */

import { closeFd, openFile, readFromStart } from "../libc.ts";
import type { CarrierFiles } from "./carrier-watch.ts";

const O_RDONLY = 0;
const O_CLOEXEC = 0o2000000;

export const sysCarrierFiles: CarrierFiles = {
  open(device) {
    const opened = openFile(`/sys/class/net/${device}/carrier`, O_RDONLY | O_CLOEXEC);
    return opened.kind === "ok" ? opened.fd : -opened.errno;
  },
  read: readFromStart,
  close: closeFd,
};
