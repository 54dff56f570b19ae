"""An SMTP server of another maker (aiosmtpd): keeps every message's exact bytes in a folder and prints its envelope, one JSON a line."""

import asyncio
import json
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP


class Recorder:
    def __init__(self, folder):
        self.folder = folder
        self.count = 0

    async def handle_DATA(self, server, session, envelope):
        self.count += 1
        file = self.folder / f"{self.count}.eml"
        file.write_bytes(envelope.content)
        entry = {"file": str(file), "from": envelope.mail_from, "to": envelope.rcpt_tos, "options": envelope.mail_options}
        print(json.dumps(entry), flush=True)
        return "250 2.0.0 kept"


async def main():
    recorder = Recorder(Path(sys.argv[1]))
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(recorder, data_size_limit=64 << 20, enable_SMTPUTF8=True, hostname="recorder.example"),
        "127.0.0.1",
        0,
    )
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await server.serve_forever()


asyncio.run(main())
