"""The HTTP door of the simulated payer, on 127.0.0.1 alone: the same mail and answers as the folder door.

    POST /claims        an 837 file as the body; the names of the answers given, one a line (202)
    GET  /answers       the names of all answers, one a line
    GET  /answers/NAME  one answer, byte for byte

Standard library only. One request at a time: a payer's docket is one book.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

from billing_core.errors import BillingError
from training.simulated_payer.docket import write_whole
from training.simulated_payer.front_door import LARGEST

if TYPE_CHECKING:
    from training.simulated_payer.command import Doors

_NAME = re.compile(r"[0-9]{8}_[A-Z0-9]{2,15}_[0-9]{3,9}\.(ta1|999|277ca|835)\Z", re.ASCII)
_SECONDS = 30  # a client that sends nothing for so long is let go


class PayerServer(HTTPServer):
    """The server with its doors and its day."""

    def __init__(self, doors: Doors, today: date, port: int) -> None:
        self.doors, self.today = doors, today
        super().__init__(("127.0.0.1", port), PayerRequest)


class PayerRequest(BaseHTTPRequestHandler):
    """One request. Nothing of a body is ever logged."""

    server: PayerServer
    timeout = _SECONDS
    server_version, sys_version = "SimulatedPayer", ""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: claims are patient data."""

    def do_POST(self) -> None:
        """Take one 837 file in."""
        if self.path != "/claims":
            return self._say(HTTPStatus.NOT_FOUND, "post to /claims\n")
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdecimal() or len(length) > 12:
            return self._say(HTTPStatus.LENGTH_REQUIRED, "send Content-Length\n")
        if int(length) > LARGEST:
            return self._say(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"send at most {LARGEST} bytes\n")
        data = self.rfile.read(int(length))
        if len(data) != int(length) or not data:
            return self._say(HTTPStatus.BAD_REQUEST, "the body is empty or shorter than Content-Length\n")
        write_whole(self.server.doors.inbox / f"{hashlib.sha256(data).hexdigest()[:32]}.837", data)
        try:
            names = self.server.doors.answer(self.server.today)
        except BillingError as error:
            return self._say(HTTPStatus.CONFLICT, f"{error}\n")
        return self._say(HTTPStatus.ACCEPTED, "".join(f"{name}\n" for name in names))

    def do_GET(self) -> None:
        """The list of answers, or one of them."""
        outbox = self.server.doors.outbox
        if self.path == "/answers":
            names = sorted(path.name for path in outbox.iterdir() if _NAME.match(path.name))
            return self._say(HTTPStatus.OK, "".join(f"{name}\n" for name in names))
        name = self.path.removeprefix("/answers/")
        if name == self.path or not _NAME.match(name) or not (outbox / name).is_file():
            return self._say(HTTPStatus.NOT_FOUND, "no such answer; GET /answers lists them\n")
        return self._send(HTTPStatus.OK, (outbox / name).read_bytes(), "application/edi-x12")

    def _say(self, status: HTTPStatus, text: str) -> None:
        self._send(status, text.encode(), "text/plain; charset=utf-8")

    def _send(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True


def serve(doors: Doors, today: date, port: int) -> None:
    """Answer on 127.0.0.1 until interrupted. Port 0 takes any free one."""
    with PayerServer(doors, today, port) as server:
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return
