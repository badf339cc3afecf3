"""A STAMP session sender made of scapy's own packets: one request, the reply's fields as JSON."""

import json
import socket
import sys
import time

from scapy.contrib.stamp import (
    ErrorEstimate,
    STAMPSessionReflectorTestUnauthenticated,
    STAMPSessionSenderTestUnauthenticated,
    STAMPTestTLV,
)
from scapy.layers.inet import UDP

host, port, ttl = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
# Scapy names the flags from the wrong end: its "U" is 0x01.
request = STAMPSessionSenderTestUnauthenticated(
    seq=41,
    ts=time.time() + 2208988800,
    err_estimate=ErrorEstimate(S=1, Z=0, scale=10, multiplier=5),
    ssid=0x1234,
    tlv_objects=[
        STAMPTestTLV(flags=0x80, type=1, len=4, value=b"abcd"),
        STAMPTestTLV(flags=0x80, type=99, len=2, value=b"xy"),
    ],
)
asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asker.settimeout(3)
asker.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
# A connected socket hears nobody but the address that was asked.
asker.connect((host, port))
asker.send(bytes(request))
octets = asker.recv(9000)
# Scapy takes the length of the TLVs from the UDP header around them, and wants it as the parent.
datagram = UDP(len=8 + len(octets))
reply = STAMPSessionReflectorTestUnauthenticated(octets, _parent=datagram)
print(json.dumps({
    "asked": len(bytes(request)),
    "answered": len(octets),
    "seq": reply.seq,
    "seq_sender": reply.seq_sender,
    "ssid": reply.ssid,
    "ttl_sender": reply.ttl_sender,
    "z": reply.err_estimate.Z,
    "multiplier": reply.err_estimate.multiplier,
    "estimate_sender": bytes(reply.err_estimate_sender).hex(),
    "same_ts_sender": octets[28:36] == bytes(request)[4:12],
    "rx_age": time.time() + 2208988800 - float(reply.ts_rx),
    "processing": float(reply.ts) - float(reply.ts_rx),
    "tlvs": [[int(tlv.flags), tlv.type, tlv.value.decode()] for tlv in reply.tlv_objects],
}))
