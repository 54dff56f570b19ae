"""Verifies every DKIM signature of every *.eml in a folder with dkimpy.

usage: dkim_verify.py FOLDER KEYS     (KEYS: lines "name record")
prints one line a signature: "<file> <index> pass|fail <why>"
"""

import os
import sys

import dkim

folder, keys = sys.argv[1:]
with open(keys, encoding="ascii") as lines:
    zone = dict(line.rstrip("\n").split(" ", 1) for line in lines)


def lookup(name, timeout=5):
    found = zone.get(name.decode("ascii").rstrip("."))
    return found.encode("ascii") if found else None


for file in sorted(os.listdir(folder)):
    if not file.endswith(".eml"):
        continue
    with open(os.path.join(folder, file), "rb") as stream:
        message = stream.read()
    try:
        verifier = dkim.DKIM(message)
        count = sum(1 for name, _ in verifier.headers if name.lower() == b"dkim-signature")
    except dkim.DKIMException as error:
        print(file, 0, "unreadable", error)
        continue
    for index in range(count):
        try:
            good = dkim.DKIM(message).verify(idx=index, dnsfunc=lookup)
            print(file, index, "pass" if good else "fail", "")
        except dkim.DKIMException as error:
            print(file, index, "fail", error)
