"""Reads a PROXY header of version 2 from standard input and prints it as JSON.

Written from haproxy's doc/proxy-protocol.txt (2.2) alone.
"""

import ipaddress
import json
import struct
import sys


def tlvs(data):
    read = {}
    while data:
        kind, length = struct.unpack("!BH", data[:3])
        value = data[3 : 3 + length]
        assert len(value) == length, "a TLV is cut off"
        assert kind not in read, "a TLV is there twice"
        read["0x%02x" % kind] = value
        data = data[3 + length :]
    return read


def shown(ip, port):
    ip = ipaddress.ip_address(ip)
    return "%s:%d" % (ip if ip.version == 4 else "[%s]" % ip, port)


def main():
    data = sys.stdin.buffer.read()
    assert data[:12] == b"\r\n\r\n\0\r\nQUIT\n", "no signature"
    command, family, length = struct.unpack("!BBH", data[12:16])
    assert command == 0x21, "neither version 2 nor PROXY"
    assert len(data) == 16 + length, "the length is wrong"
    size = {0x11: 4, 0x21: 16}[family]
    body = data[16:]
    source, destination = body[:size], body[size : 2 * size]
    ports = struct.unpack("!HH", body[2 * size : 2 * size + 4])
    read = tlvs(body[2 * size + 4 :])
    result = {"from": shown(source, ports[0]), "to": shown(destination, ports[1]), "ssl": {}}
    if "0x20" in read:
        client, verify = struct.unpack("!BI", read["0x20"][:5])
        inner = {kind: value.hex() for kind, value in tlvs(read["0x20"][5:]).items()}
        result["ssl"] = {"client": client, "verify": verify, "tlvs": inner}
    result["tlvs"] = {kind: value.hex() for kind, value in read.items()}
    print(json.dumps(result))


main()
