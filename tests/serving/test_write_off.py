"""A write-off ends a claim, so two people stand behind it, whatever became of the money meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from billing_core.claim import ClaimState
from billing_core.errors import PostingError
from serving.desk import write_off
from serving.schemas.billing import WriteOffIn
from serving.security import Actor, Role
from tests.billing_core import specimens
from tests.serving.store import filled


def test_who_asked_does_not_end_the_claim_alone_when_nothing_is_open_any_more(tmp_path: Path) -> None:
    with filled.desk_at(tmp_path / "home", filled.DAY + timedelta(days=30)) as desk:
        with desk.store.open("elm") as books:
            filled.code(books)
            books.save_claim(specimens.claim(), ClaimState.READY)
            books.step_claim("claim", ClaimState.SUBMITTED, filled.DAY)
            books.step_claim("claim", ClaimState.DENIED)
        ben, mia = (replace(desk, actor=Actor(name, name, "elm", frozenset({Role.MANAGER}))) for name in ("ben", "mia"))
        asked = write_off.ask(ben, "claim", WriteOffIn(reason="payer out of business"))
        with desk.store.open("elm") as books:
            books.append_entries([filled.entry("entry-2", -15000)])
        with pytest.raises(PostingError, match="who asks"):
            write_off.approve(ben, asked.id)
        with desk.store.open("elm") as books:
            assert books.standing_claim("claim").state is ClaimState.DENIED
        write_off.approve(mia, asked.id)
        with desk.store.open("elm") as books:
            assert books.standing_claim("claim").state is ClaimState.CLOSED
