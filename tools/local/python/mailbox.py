"""A mail box for the local shop and the tests: a real SMTP server whose mail is read over HTTP.

GET /messages[?to=ada@example.test]   [{id, to, subject, text, sentAt}], newest last; one entry for each recipient
DELETE /messages                      empties the box
GET /faults, PUT /faults {"refuse":N} the next N mails are refused with a temporary error, as a busy relay does
"""

import argparse
import asyncio
import email
import email.policy
import email.utils
import uuid
from collections import deque
from datetime import datetime, timezone

from aiohttp import web
from aiosmtpd.smtp import SMTP

messages = deque(maxlen=20_000)
faults = {"refuse": 0}


def text_of(mail):
    body = mail.get_body(preferencelist=("plain", "html"))
    return body.get_content().replace("\r\n", "\n") if body else ""


def sent_at(mail):
    try:
        sent = email.utils.parsedate_to_datetime(mail["date"]).astimezone(timezone.utc)
    except (TypeError, ValueError):
        sent = datetime.now(timezone.utc)
    return sent.strftime("%Y-%m-%dT%H:%M:%SZ")


class Inbox:
    async def handle_DATA(self, _server, _session, envelope):
        if faults["refuse"] > 0:
            faults["refuse"] -= 1
            return "451 4.3.0 Refused on request, try again later"
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        for recipient in envelope.rcpt_tos:
            messages.append({
                "id": uuid.uuid4().hex,
                "to": recipient,
                "subject": str(mail["subject"] or ""),
                "text": text_of(mail),
                "sentAt": sent_at(mail),
            })
        return "250 2.0.0 Kept"


async def list_messages(request):
    to = request.query.get("to", "").lower()
    return web.json_response([m for m in messages if not to or m["to"].lower() == to])


async def empty(_request):
    messages.clear()
    return web.Response(status=204)


async def read_faults(_request):
    return web.json_response(faults)


async def set_faults(request):
    faults["refuse"] = int((await request.json())["refuse"])
    return web.json_response(faults)


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    arguments = parser.parse_args()

    loop = asyncio.get_running_loop()
    await loop.create_server(
        lambda: SMTP(Inbox(), hostname="mailbox.localhost", enable_SMTPUTF8=True, loop=loop),
        "127.0.0.1",
        arguments.smtp_port,
    )
    app = web.Application()
    app.add_routes([
        web.get("/messages", list_messages),
        web.delete("/messages", empty),
        web.get("/faults", read_faults),
        web.put("/faults", set_faults),
    ])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", arguments.http_port).start()
    await asyncio.Event().wait()


asyncio.run(main())
