"""Paper keyed in a real browser: what does not agree is seen, a reload loses nothing, and it posts when it balances."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.house import Served, at_rest, press, said, type_into
from tests.browser.test_money_screens import opened as opened  # the fixture

pytestmark = pytest.mark.browser
LAST = 28  # the latest visit of the practice: no payer has answered it


def _number(served: Served) -> str:
    rows = served.ask("cashier", "GET", "/claims")
    return str(max(row["number"] for row in rows))


def _typed(page: Any, **fields: str) -> None:
    for label, text in fields.items():
        type_into(page, label, text)


def test_a_check_is_keyed_line_by_line_survives_a_reload_and_posts_when_it_balances(
    opened: Any, served: Served
) -> None:
    number = _number(served)
    page = opened("cashier", "paper")
    page.get_by_text("No batch is being keyed.").wait_for()
    press(page, "Begin a batch")
    _typed(page, Name="lockbox 9", **{"All checks add up to": "80.00", "Claims on the paper": "1"})
    press(page, "Begin")
    said(page, "lockbox 9 is begun")
    at_rest(page)
    page.get_by_label("Payer", exact=True).click()
    page.get_by_role("option").first.click()
    at_rest(page)
    today = served.ask("cashier", "GET", "/aging")["as_of"]
    _typed(page, **{"Check or card number": "4711", "Paid on": today, "Amount": "80.00", "Our claim number": number})
    page.get_by_label("Billed, line 2").wait_for()  # the lines of our claim came by themselves
    assert page.get_by_label("Billed, line 1").input_value() == "100.00"
    _typed(page, **{"Paid on this claim": "80.00", "Paid, line 1": "60.00", "Discount CO-45, line 1": "40.00"})
    said(page, "Payment 1, claim 1, line 2: 30.00 of the line is neither paid nor explained.")
    assert page.get_by_role("button", name="Post the batch").is_disabled()

    page.reload()
    page.get_by_label("Paid, line 1").wait_for()
    at_rest(page)
    assert page.get_by_label("Paid, line 1").input_value() == "60.00"
    assert page.get_by_label("Check or card number").input_value() == "4711"
    _typed(page, **{"Paid, line 2": "20.00", "Other reasons, line 2": "CO-45 9.00"})
    said(page, "1.00 of the line is neither paid nor explained")
    _typed(page, **{"Other reasons, line 2": "CO-45 10.00"})
    said(page, "Everything agrees")
    assert [item["keyed"] for item in served.ask("cashier", "GET", "/batches")] == ["80.00"]
    before = {row["trace"] for row in served.ask("cashier", "GET", "/remittances")}
    press(page, "Post the batch")
    said(page, "lockbox 9 is posted: 1 payment, 1 claim.")
    sent = served.ask("cashier", "GET", "/remittances")
    assert {row["trace"] for row in sent} - before == {"4711"} and served.ask("cashier", "GET", "/batches") == []


def test_a_batch_is_thrown_away_with_a_reason(opened: Any, served: Served) -> None:
    begun = served.ask("cashier", "POST", "/batches", {"name": "twice", "control_amount": "1.00"})
    page = opened("cashier", f"paper?batch={begun['id']}")
    said(page, "No payment is typed.")
    press(page, "Another payment")
    said(page, "The payer is missing.")
    press(page, "Throw it away")
    type_into(page, "Why", "keyed by somebody else")
    press(page, "Throw the batch away")
    said(page, "twice is thrown away; nothing of it was posted.")
    assert served.ask("cashier", "GET", "/batches") == []
