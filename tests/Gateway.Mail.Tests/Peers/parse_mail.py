"""Reads messages (4 bytes of length, big-endian, then the message) and prints what Python's email makes of each, one JSON a line."""

import base64
import json
import struct
import sys
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default
from email.utils import getaddresses

ADDRESS_FIELDS = ("from", "sender", "reply-to", "to", "cc")


def addresses(message, raw_fields, name):
    """[name, name by the modern parser, addr-spec] of each mailbox.

    The modern parser (email.headerregistry, at least up to 3.13) keeps the space between two adjacent encoded-words of
    a phrase and collapses spaces inside them, against RFC 2047 section 6.2; email.header does neither.
    """
    field = message[name]
    if field is None:
        return []
    raw = next(value for key, value in raw_fields if key.lower() == name)
    raw = raw.replace("\r\n", "").replace("\n", "")
    modern = [[a.display_name, a.addr_spec] for a in field.addresses]
    classic = [[str(make_header(decode_header(n))), a] for n, a in getaddresses([raw])]
    if [a for _, a in modern] != [a for _, a in classic]:
        return [["?", "?", f"{modern} {classic}"]]
    return [[c[0], m[0], m[1]] for c, m in zip(classic, modern)]


def attachment(part):
    disposition = part["content-disposition"]
    content = part.get_payload(0).as_bytes() if part.get_content_maintype() == "message" else part.get_payload(decode=True)
    return {
        "name": disposition.params.get("filename", "") if disposition else "",
        "legacy_name": part.get_filename() or "",
        "disposition": part.get_content_disposition(),
        "type": part.get_content_type(),
        "id": (part["content-id"] or "").strip("<>"),
        "content": base64.b64encode(content).decode("ascii"),
    }


def parse(data):
    message = message_from_bytes(data, policy=default)
    raw_fields = list(message.raw_items())
    result = {"fields": [key for key, _ in raw_fields], "subject": message["subject"], "date": message["date"].datetime.isoformat()}
    for name in ADDRESS_FIELDS:
        result[name] = addresses(message, raw_fields, name)
    result["text"], result["html"], result["attachments"], result["defects"] = None, None, [], []
    result["custom"] = [str(value) for key, value in message.items() if key.lower().startswith("x-")]
    for part in message.walk():
        result["defects"] += [type(defect).__name__ for defect in part.defects]
        if part.is_multipart() and part.get_content_maintype() != "message":
            continue
        if part["content-disposition"] is not None:
            result["attachments"].append(attachment(part))
        elif part.get_content_type() in ("text/plain", "text/html"):
            result["text" if part.get_content_type() == "text/plain" else "html"] = part.get_content()
    return result


def main():
    source = sys.stdin.buffer
    while header := source.read(4):
        print(json.dumps(parse(source.read(struct.unpack(">I", header)[0]))))


main()
