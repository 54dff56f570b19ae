"""Reads texts (4 bytes of length, big-endian, then UTF-8) and prints the [name, local part, domain] of each mailbox that
Python's email.headerregistry sees in a To field of that value, or null where it gives up."""

import json
import struct
import sys
from email.policy import default


def parse(text):
    try:
        field = default.header_factory("to", text)
        return [[a.display_name, a.username, a.domain] for a in field.addresses]
    except Exception:  # it raises IndexError and the like on texts it cannot read
        return None


def main():
    source = sys.stdin.buffer
    while header := source.read(4):
        print(json.dumps(parse(source.read(struct.unpack(">I", header)[0]).decode("utf-8"))))


main()
