"""`cleanclaim serve`: both doors open, both close, and a taken port is said."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from serving import settings
from serving.errors import InputError
from serving.serve import serve
from tests.doors import PATIENCE, answers, free_port, until_they_answer


def test_the_screens_end_with_the_api(tmp_path: Path) -> None:
    api, app = free_port(), free_port()
    told = {"CLEANCLAIM_HOME": str(tmp_path), "CLEANCLAIM_API_PORT": str(api), "CLEANCLAIM_APP_PORT": str(app)}
    program = Path(sys.executable).with_name("cleanclaim")
    process = subprocess.Popen([program, "serve"], env=os.environ | told, stdout=subprocess.PIPE, text=True)
    screens = f"http://127.0.0.1:{app}/_stcore/health"
    try:
        until_they_answer(process, (f"http://127.0.0.1:{api}/health", screens))
    finally:
        process.terminate()
        said, _ = process.communicate(timeout=PATIENCE)
    assert f"sign in at http://127.0.0.1:{api}/signin" in said
    assert process.returncode == 0 and not answers(screens)


@pytest.mark.parametrize("name", ["CLEANCLAIM_API_PORT", "CLEANCLAIM_APP_PORT"])
def test_a_port_that_is_taken_is_named_before_anything_starts(tmp_path: Path, name: str) -> None:
    ports = {"CLEANCLAIM_API_PORT": str(free_port()), "CLEANCLAIM_APP_PORT": str(free_port())}
    with socket.socket() as door:
        door.bind(("127.0.0.1", int(ports[name])))
        door.listen()
        with pytest.raises(InputError, match="is taken") as caught:
            serve(settings.read({"CLEANCLAIM_HOME": str(tmp_path), **ports}))
    assert caught.value.field == name and not (tmp_path / "cleanclaim.db").exists()
