"""`cleanclaim serve`: the API in this process and the screens in a child, together until Ctrl-C or SIGTERM.

Both ports are tried before anything starts, so that a second `serve` says what is wrong; and the child ends with its
parent, whichever way it ends.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import FrameType

import uvicorn

from serving.api import create_app
from serving.errors import InputError
from serving.settings import Settings

SCREENS = Path(__file__).resolve().parents[1] / "app_streamlit" / "app.py"


class Doors(uvicorn.Server):
    """The API's server; the screens are opened once it answers, so that the two do not slow each other's start."""

    screens: subprocess.Popen[bytes] | None = None

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        app = create_app(settings)
        super().__init__(uvicorn.Config(app, host=settings.host, port=settings.api_port, log_level="warning"))

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then open the screens and say where to sign in."""
        await super().startup(sockets)
        self.screens = _open_screens(self._settings)
        sys.stdout.write(f"sign in at http://{_spoken(self._settings.host)}:{self._settings.api_port}/signin\n")
        sys.stdout.flush()


def serve(settings: Settings) -> None:
    """Serve until told to end. Raises InputError naming the port that is taken."""
    for name, port in (("CLEANCLAIM_API_PORT", settings.api_port), ("CLEANCLAIM_APP_PORT", settings.app_port)):
        _try_port(settings.host, port, name)
    # uvicorn passes SIGTERM on when it has closed; without this the process would end there and leave the child.
    signal.signal(signal.SIGTERM, _leave)
    doors = Doors(settings)
    try:
        doors.run()
    finally:
        if doors.screens is not None:
            doors.screens.terminate()
            doors.screens.wait(10)


def _leave(_: int, __: FrameType | None) -> None:
    sys.exit(0)


def _try_port(host: str, port: int, name: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((host, port))
        except OSError:
            raise InputError(f"port {port} is taken", field=name, mend=f"end what uses it, or set {name}") from None


def _open_screens(settings: Settings) -> subprocess.Popen[bytes]:
    asked = [sys.executable, "-m", "streamlit", "run", str(SCREENS)]
    asked += ["--server.address", settings.host, "--server.port", str(settings.app_port)]
    inside = os.environ | {"CLEANCLAIM_API": f"http://{_spoken(settings.host)}:{settings.api_port}"}
    return subprocess.Popen(asked, env=inside, stdout=subprocess.DEVNULL)


def _spoken(host: str) -> str:
    """A host to listen on, as one to speak to: every address of this machine is spoken to by its own."""
    spoken = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    return f"[{spoken}]" if ":" in spoken else spoken
