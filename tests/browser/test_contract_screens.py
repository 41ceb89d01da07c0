"""Contracts, estimates and underpayments in a real browser: every amount opens why it is what it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from billing_core.remittance import Adjustment, ClaimPayment, Group, Remittance, ServicePayment
from billing_core.x12 import remittance_835
from billing_core.x12.envelope import Envelope
from tests.billing_core import specimens
from tests.browser.house import Served, at_rest, practice_day, press, said

pytestmark = pytest.mark.browser
SignIn = Callable[[str], Any]
# In force long ago, so that no other test's claim is priced by it.
CONTRACT = """format = 1
name = "Northern Health 2020"
payer = "60054"
effective = 2020-01-01
terminated = 2020-12-31
filing = { days = 90 }
corrected = { days = 180, by = "replacement" }
appeal = { days = 180 }
[fees]
99213 = "92.00"
[[plans]]
name = "silver"
copay = "25.00"
[[vectors]]
name = "an office visit"
source = "own"
on = 2020-04-07
plan = "silver"
lines = [{ code = "99213", charge = "150.00" }]
expect = { paid = "67.00", patient = "25.00" }
"""


def upload(page: Any, text: str) -> None:
    page.locator("input[type=file]").set_input_files(
        {"name": "contract.toml", "mimeType": "text/plain", "buffer": text.encode()}
    )


def test_a_contract_is_checked_mended_put_in_force_and_shown_to_the_cent(sign_in: SignIn, served: Served) -> None:
    page = sign_in("both")
    page.get_by_role("link", name="Contracts").click()
    page.locator("tr", has_text="fees.99213").wait_for()
    page.get_by_role("radio", name="Check a file").click()
    upload(page, CONTRACT.replace('"92.00"', "92"))
    page.locator(".findings", has_text="fees.99213 (line 10)").wait_for()
    assert page.get_by_role("button", name="Put it in force").count() == 0
    upload(page, CONTRACT.replace('"92.00"', '"92.01"'))
    said(page, "claim: paid 67.00 expected, 67.01 reckoned")
    upload(page, CONTRACT)
    press(page, "Put it in force")
    said(page, "The contract is in force.")
    page.locator("tr", has_text="Northern Health 2020").click()
    page.get_by_role("radio", name="Vectors").click()
    page.locator("tr", has_text="holds").wait_for()
    page.locator("td", has_text="copay 25.00 (PR-3)").wait_for()
    assert "Northern Health 2020" in {each["name"] for each in served.ask("both", "GET", "/contracts")}


def test_a_line_of_a_claim_says_why_and_what_it_would_pay_if(sign_in: SignIn, served: Served) -> None:
    body = {"diagnoses": ["I10"], "procedures": [{"code": "73721"}]}
    claim = served.ask("coder", "POST", "/encounters/knee/signature", body)["claim_id"]
    page = sign_in("biller")
    page.locator(f"tr[data-id='{claim}']").click()
    said(page, "The contract refuses it.")
    page.get_by_text("What if ...").click()
    page.get_by_label("Line 1", exact=True).fill("99213")
    press(page, "What would it pay?")
    page.locator("tr", has_text="fees.99213").wait_for()
    assert "90.00" in page.locator("tr", has_text="left to the patient").last.inner_text()
    assert served.ask("biller", "GET", f"/claims/{claim}")["lines"][0]["procedure"] == "73721", "nothing is kept"


def test_an_estimate_shows_its_bounds_and_a_self_pay_patient_gets_the_paper(sign_in: SignIn) -> None:
    page = sign_in("biller")
    page.get_by_role("link", name="Estimates").click()
    page.get_by_label("Patient: last name").fill("Arden")
    page.get_by_label("Patient: last name").press("Enter")
    page.locator("input[value^='Arden, Ann, born']").wait_for()
    at_rest(page)
    page.get_by_label("Service 1").fill("11111")
    press(page, "Estimate")
    said(page, "no price on that day")
    page.get_by_label("Service 1").fill("99213")
    press(page, "Estimate")
    page.locator(".strip", has_text="$38.00 to $90.00").wait_for()
    page.locator("tr", has_text="plans.silver.copay").wait_for()
    at_rest(page)
    page.get_by_label("Who pays").click()
    page.get_by_role("option", name="self-pay").click()
    at_rest(page)
    press(page, "Estimate")
    page.locator(".strip", has_text="$150.00 the patient will owe").wait_for()
    with page.expect_download() as download:
        press(page, "Save the good-faith estimate")
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")


def pay_short(served: Served, number: str, seen: date) -> None:
    """The payer's answer: it allows and pays 50.00 where the contract allows 90.00, all of it the patient's."""
    service = ServicePayment("99213", (), 15000, 5000, "", seen, (Adjustment(Group.CONTRACTUAL, "45", 10000),))
    payment = ClaimPayment(number, "1", 15000, 5000, 0, "PAYERREF", services=(service,))
    practice = specimens.PRACTICE
    answer = Remittance(
        "Northern Health", "60054", practice.npi, practice.tin, "TRACE7", "1999999999", practice_day(), "I", "ACH",
        5000, (payment,),
    )  # fmt: skip
    data = remittance_835.write([answer], Envelope("60054", "CLEANCLAIM", 7, datetime.now()))
    sent = httpx.post(f"{served.api}/files", content=data, headers=served.token("biller") | {"X-File-Name": "a.835"})
    assert sent.is_success and sent.json()["posted"] == 1, sent.text


def test_an_underpaid_line_stands_under_its_clause_with_the_dollars_and_why(sign_in: SignIn, served: Served) -> None:
    body = {"diagnoses": ["I10"], "procedures": [{"code": "99213"}]}
    signed = served.ask("coder", "POST", "/encounters/short/signature", body)
    served.ask("biller", "POST", "/claims/submissions")
    seen = served.ask("biller", "GET", f"/claims/{signed['claim_id']}")["service_date"]
    pay_short(served, signed["claim_number"], date.fromisoformat(seen))
    page = sign_in("biller")
    page.get_by_role("link", name="Underpayments").click()
    page.locator("tr", has_text="fees.99213").filter(has_text="40.00").first.click()
    page.locator("tr", has_text=signed["claim_number"]).click()
    page.locator(".strip", has_text="$40.00 missing = $0.00 that it should pay - $50.00 paid + $90.00 less").wait_for()
    page.locator("tr", has_text="fee 90.00 x 1").wait_for()
