"""Signs FOLDER/message.eml with dkimpy in every way that it knows.

usage: dkim_sign.py FOLDER RSA_PEM ED25519_SEED_BASE64
writes FOLDER/<algorithm>-<header>-<body>[-length].eml, selectors rsa and ed, domain example.com
"""

import os
import sys

import dkim

folder, pem, seed = sys.argv[1:]
with open(os.path.join(folder, "message.eml"), "rb") as stream:
    message = stream.read()
with open(pem, "rb") as stream:
    rsa = stream.read()

modes = (b"simple", b"relaxed")
for name, selector, key in ((b"rsa-sha256", b"rsa", rsa), (b"ed25519-sha256", b"ed", seed.encode())):
    for header in modes:
        for body in modes:
            for length in (False, True):
                field = dkim.sign(
                    message, selector, b"example.com", key,
                    canonicalize=(header, body), signature_algorithm=name, length=length,
                )
                out = b"-".join((name, header, body)).decode() + ("-length" if length else "") + ".eml"
                with open(os.path.join(folder, out), "wb") as stream:
                    stream.write(field + message)
