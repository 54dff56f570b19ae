"""Hands files to an SMTP server as a mail program of another maker does (smtplib): a port, then one JSON a line on standard input."""

import json
import re
import smtplib
import sys

with smtplib.SMTP("127.0.0.1", int(sys.argv[1]), timeout=20) as server:
    for line in sys.stdin:
        mail = json.loads(line)
        with open(mail["file"], "rb") as file:
            # As every mail program does: smtplib leaves the line ends of bytes alone.
            content = re.sub(rb"\r\n|\n|\r(?!\n)", b"\r\n", file.read())
        try:
            server.sendmail(mail["from"], [mail["to"]], content)
            print(json.dumps({"to": mail["to"], "code": 250}), flush=True)
        except smtplib.SMTPResponseException as refused:
            print(json.dumps({"to": mail["to"], "code": refused.smtp_code, "file": mail["file"]}), flush=True)
        except smtplib.SMTPRecipientsRefused as refused:
            print(json.dumps({"to": mail["to"], "code": refused.recipients[mail["to"]][0]}), flush=True)
        except smtplib.SMTPServerDisconnected:
            server.connect("127.0.0.1", int(sys.argv[1]))
            print(json.dumps({"to": mail["to"], "code": 421, "file": mail["file"]}), flush=True)
