"""Composes a message with text, HTML, an attachment and international names (CPython's email), and sends or prints it.

compose_mail.py print DOMAIN ATTACHMENT
compose_mail.py send DOMAIN ATTACHMENT PORT KEY
"""

import smtplib
import ssl
import sys
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path


def compose(domain, file):
    message = EmailMessage(policy=SMTP)
    message["From"] = f"Jörg Ärger <hello@{domain}>"
    message["To"] = "Ann <ann@example.net>"
    message["Subject"] = "Grüße ✓ aus Köln"
    message.set_content("Hällo,\n.\n..und fertig\n")
    message.add_alternative("<p>Hällo <b>Welt</b></p>\n", subtype="html")
    message.add_attachment(Path(file).read_bytes(), maintype="application", subtype="pdf", filename="Größe.pdf")
    return message


def main():
    how, domain, file, *rest = sys.argv[1:]
    message = compose(domain, file)
    if how == "print":
        sys.stdout.buffer.write(message.as_bytes().replace(b"\r\n", b"\n"))
        return
    port, key = rest
    unverified = ssl.create_default_context()
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE
    with smtplib.SMTP("127.0.0.1", int(port)) as client:
        client.starttls(context=unverified)
        client.login("apikey", key)
        client.send_message(message)


main()
