"""Insurance verification in a real browser: payers asked by a button, their answers shown, a stray one settled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time
from typing import Any

import httpx
import pytest

from billing_core.inquiry import Benefit, BenefitAnswer
from billing_core.x12 import eligibility_270, eligibility_271
from billing_core.x12.envelope import Envelope
from tests.billing_core import specimens
from tests.browser.house import Served, at_rest, practice_day, press, said, type_into

pytestmark = pytest.mark.browser
SignIn = Callable[[str], Any]


def test_the_payers_are_asked_and_what_they_say_is_shown(sign_in: SignIn, served: Served) -> None:
    page = sign_in("both")
    page.get_by_role("link", name="Coverages").click()
    row = page.locator("tr", has_text="Dunn")  # that visit's name is markup: it is shown as it is written
    row.get_by_text("not asked").wait_for()
    press(page, "Ask the payers")
    assert "in 1 file" in said(page, "questions")
    row.get_by_text(f"asked on {practice_day()}").wait_for()
    press(page, "Ask the payers")
    said(page, "There is nothing new to ask.")

    sent = next(file for file in served.ask("both", "GET", "/files") if file["kind"] == "270")
    questions = eligibility_270.read(served.fetch("both", f"/files/{sent['id']}/content"))
    (one,) = [q for q in questions if q.trace.endswith(_place(served))]
    confirmed = BenefitAnswer(
        one.reference, practice_day(), one.payer, one.provider, one.subscriber, trace=one.trace,
        trace_origin=one.trace_origin, benefits=(Benefit("1", service_types=("30",), plan="GOLD"),),
    )  # fmt: skip
    stray = replace(confirmed, trace="", subscriber=replace(one.subscriber, member_id="W0"))
    _hand_in(served, eligibility_271.write([confirmed, stray], _envelope()))
    page.reload()
    row.get_by_text(f"confirmed by the payer on {practice_day()}: GOLD").wait_for()

    page.goto(f"{served.screens}/day")
    page.locator("tr", has_text="nobody here").click()
    type_into(page, "What became of it", "a misprint of the payer")
    press(page, "It is settled")
    said(page, "It is noted; the answer decides nothing.")
    at_rest(page)
    assert page.locator("tr", has_text="nobody here").count() == 0


def _place(served: Served) -> str:
    """The end of the trace of the question about that visit: they stand in the order of the page's rows."""
    rows = served.ask("both", "GET", "/eligibility")
    return f"{[row['id'] for row in rows if row['words'].startswith('asked')].index('markup') + 1:02d}"


def _envelope() -> Envelope:
    return Envelope(specimens.PAYER.number, "CLEANCLAIMELMF", 88, datetime.combine(practice_day(), time(6)))


def _hand_in(served: Served, data: bytes) -> None:
    headers = served.token("both") | {"X-File-Name": "answers.271", "Content-Type": "application/octet-stream"}
    answer = httpx.post(f"{served.api}/files", content=data, headers=headers)
    assert answer.is_success and answer.json()["unmatched"] == 1, answer.text
