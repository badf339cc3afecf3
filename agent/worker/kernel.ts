/** Numbers of the Linux socket interface, equal on x64 and arm64, and the names of errnos. */

export const SOL_IP = 0;
export const SOL_SOCKET = 1;
export const SOL_IPV6 = 41;
export const SOL_ICMPV6 = 58;
export const SOL_RAW = 255;

export const IPPROTO_ICMP = 1;
export const IPPROTO_UDP = 17;
export const IPPROTO_ICMPV6 = 58;

export const SO_RCVBUF = 8;
export const SO_BINDTODEVICE = 25;
export const SO_ATTACH_FILTER = 26;
export const SO_RCVBUFFORCE = 33;
export const SO_TIMESTAMPNS = 35;
export const SO_MARK = 36;
export const SO_TIMESTAMPING = 37;

export const IP_TOS = 1;
export const IP_TTL = 2;
export const IP_PKTINFO = 8;
export const IP_RECVERR = 11;
export const IP_RECVTTL = 12;
export const IPV6_UNICAST_HOPS = 16;
export const IPV6_RECVERR = 25;
export const IPV6_V6ONLY = 26;
export const IPV6_RECVPKTINFO = 49;
export const IPV6_PKTINFO = 50;
export const IPV6_RECVHOPLIMIT = 51;
export const IPV6_HOPLIMIT = 52;
export const IPV6_TCLASS = 67;
export const ICMP_FILTER = 1;
export const ICMPV6_FILTER = 1;

/** SOF_TIMESTAMPING_*. */
export const STAMPING = {
  txSoftware: 1 << 1,
  rxSoftware: 1 << 3,
  software: 1 << 4,
  optId: 1 << 7,
  optCmsg: 1 << 10,
  optTsOnly: 1 << 11,
} as const;

export const POLLIN = 1;
export const POLLOUT = 4;
export const POLLERR = 8;
export const POLLHUP = 16;

export const MSG_TRUNC = 0x20;

export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  ENXIO: 6,
  EAGAIN: 11,
  EACCES: 13,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  ENODATA: 61,
  EMSGSIZE: 90,
  EPROTONOSUPPORT: 93,
  ENOKEY: 126,
  EAFNOSUPPORT: 97,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99,
  ENETDOWN: 100,
  ENOBUFS: 105,
  ETIMEDOUT: 110,
} as const;

const ERRNO_TEXT: Readonly<Record<number, string>> = {
  1: "operation not permitted",
  2: "no such entry",
  3: "no such route",
  6: "no such device or address",
  13: "permission denied",
  17: "exists already",
  19: "no such device",
  22: "invalid argument",
  24: "too many open files",
  61: "no answer",
  90: "message too long",
  93: "protocol not supported",
  97: "address family not supported",
  98: "address already in use",
  99: "address not available on this host",
  100: "network is down",
  101: "network is unreachable",
  105: "no buffer space",
  126: "key not available",
  110: "timed out",
  113: "no route to the gateway",
};

export function errnoText(errno: number): string {
  const text = ERRNO_TEXT[errno];
  return text === undefined ? `errno ${errno}` : `${text} (errno ${errno})`;
}
