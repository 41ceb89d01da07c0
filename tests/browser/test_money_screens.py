"""The money screens as people use them: a real browser, real servers; what was done is asked of the API.

The tests of one practice follow one another as its work does: each says what it needs to find.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.billing_core import specimens
from tests.billing_core.busy_practice import advice, file_of
from tests.billing_core.money_specimens import answer
from tests.browser import money_house
from tests.browser.house import Served, at_rest, practice_day, press, said, type_into
from tests.browser.test_screens import SignIn

pytestmark = pytest.mark.browser


@pytest.fixture
def opened(sign_in: SignIn, served: Served) -> Any:
    """A page of the money screens, at rest, for somebody."""

    def go(login: str, path: str) -> Any:
        page = sign_in(login)
        at_rest(page)
        page.goto(f"{served.screens}/{path}")
        page.wait_for_selector(".strip, .stAlert")
        at_rest(page)
        return page

    return go


def test_the_menu_leads_to_every_money_screen(opened: Any) -> None:
    page = opened("cashier", "remittances")
    page.get_by_test_id("stTopNavSection").click()
    page.get_by_test_id("stTopNavDropdownLink").first.wait_for()
    titles = page.get_by_test_id("stTopNavDropdownLink").all_inner_texts()
    assert titles == [
        "Remittances", "Key from paper", "Unmatched answers", "Bank", "Accounts", "What patients owe",
        "Credits and refunds", "A/R by age", "The day", "Figures",
    ]  # fmt: skip


def test_a_remittance_is_read_claim_by_claim_down_to_the_payers_segments(opened: Any) -> None:
    page = opened("cashier", "remittances")
    page.locator("tr", has_text="EFT1").click()
    page.locator(".strip", has_text="posted, to the cent").wait_for()
    page.locator("tr[aria-selected=true]", has_text="ELMF00000001G").wait_for()
    at_rest(page)
    page.keyboard.press("j")
    row = page.locator("tr[aria-selected=true]", has_text="ELMF00000002E")
    row.wait_for()
    page.locator(".strip", has_text="ELMF00000002E").wait_for()
    at_rest(page)
    assert page.locator("td", has_text="your plan's agreed discount").count() >= 1
    assert page.locator("td", has_text="EFT1.835, set 1").count() >= 1
    page.get_by_text("As the payer wrote it").click()
    page.locator(".segments", has_text="CLP*ELMF00000002E*").wait_for()


def test_a_held_remittance_says_why_and_posts_nothing(opened: Any) -> None:
    page = opened("cashier", "remittances")
    page.locator("tr", has_text="EFT3").click()
    assert "Ask the payer for a corrected file." in said(page, "Held, nothing of it is posted")
    page.get_by_text("Held.", exact=True).wait_for()


def test_the_same_file_twice_changes_nothing_and_a_stranger_file_names_the_mend(opened: Any, served: Served) -> None:
    sent = served.ask("cashier", "GET", "/remittances")
    view = next(r for r in sent if r["trace"] == "EFT1")
    file_id = served.ask("cashier", "GET", f"/remittances/{view['id']}")["file_id"]
    data = served.fetch("cashier", f"/files/{file_id}/content")
    page = opened("cashier", "remittances")
    press(page, "Take in files from payers")
    upload = page.get_by_test_id("stFileUploaderDropzoneInput")
    upload.set_input_files([{"name": "EFT1 again.835", "mimeType": "text/plain", "buffer": data}])
    press(page, "Take them in")
    said(page, "was here before; nothing changed")
    page.reload()
    at_rest(page)
    press(page, "Take in files from payers")
    wrong = {"name": "letter.txt", "mimeType": "text/plain", "buffer": b"Dear practice"}
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files([wrong])
    press(page, "Take them in")
    page.locator(".said.bad").wait_for()


def test_an_unmatched_answer_is_assigned_by_one_key_and_taken_back(opened: Any, served: Served) -> None:
    page = opened("cashier", "unmatched")
    page.locator("tr[aria-selected=true]", has_text="OLD-4471").wait_for()
    page.locator("tr", has_text="100").first.wait_for()
    page.keyboard.press("a")
    said(page, "of answer OLD-4471 is posted on claim")
    assert served.ask("cashier", "GET", "/unmatched") == []
    page.get_by_text("Decided ones too").click()
    type_into(page, "Why it is taken back", "the wrong visit")
    press(page, "Take it back")
    said(page, "waits again; everything it posted is undone")
    assert [item["status"] for item in served.ask("cashier", "GET", "/unmatched")] == ["open"]


def test_a_deposit_that_no_rule_explains_is_explained_by_a_person(opened: Any, served: Served) -> None:
    page = opened("cashier", "balances")
    page.locator("tr[aria-selected=true]").wait_for()
    type_into(page, "Amount", "40.00")
    press(page, "Take it")
    said(page, "$40.00 taken")
    page.goto(f"{served.screens}/bank")
    page.locator("td", has_text="branch drawer").wait_for()
    at_rest(page)
    page.locator(".stMultiSelect").first.click()
    page.get_by_role("option", name="$40.00").click()
    page.keyboard.press("Escape")
    at_rest(page)
    type_into(page, "Reason (kept in the event log)", "the drawer of Friday")
    press(page, "It is patients' money from the drawer")
    said(page, "The deposit is explained")
    assert [d["amount"] for d in served.ask("cashier", "GET", "/bank")["unmatched_deposits"]] == ["55.00"]


def test_a_match_is_found_and_undone_with_a_reason(opened: Any, served: Served) -> None:
    page = opened("cashier", "bank")
    page.get_by_text("Deposits that are explained").click()
    page.locator("tr[aria-selected]", has_text="EFT1").click()
    page.locator("tr[aria-selected=true]", has_text="EFT1").wait_for()
    at_rest(page)
    type_into(page, "Why the match is wrong", "that check was returned")
    press(page, "Undo the match")
    said(page, "is undone; the deposit waits for you")
    left = served.ask("cashier", "GET", "/bank")
    assert [d["reference"] for d in left["unmatched_deposits"] if "EFT1" in d["reference"]] == ["ACH EFT1"]
    (wrong,) = (d for d in left["unmatched_deposits"] if "EFT1" in d["reference"])
    (its,) = (r for r in left["waiting_remittances"] if r["reference"] == "EFT1")
    body = {"deposits": [wrong["id"]], "remittances": [its["id"]], "reason": "it came after all"}
    assert served.ask("cashier", "POST", "/bank/matches", body)["unmatched_deposits"] != []


def test_every_movement_of_an_account_is_explained(opened: Any) -> None:
    page = opened("cashier", "accounts?patient=patient-1")
    page.locator(".strip", has_text="insurance paid +").wait_for()
    page.locator("tr[aria-selected=false]", has_text="guarantor").first.click()
    page.locator("tr[aria-selected=true]", has_text="guarantor").wait_for()
    at_rest(page)
    page.locator("tr[aria-selected=true]", has_text="charge").wait_for()
    page.keyboard.press("j")
    page.locator(".strip", has_text="EFT1.835, set 1").wait_for()
    page.get_by_text("As the payer wrote it").wait_for()
    page.get_by_placeholder("last name or record number").fill("Castro")
    page.get_by_placeholder("last name or record number").press("Enter")
    page.locator(".strip", has_text="Castro, Ann").wait_for()
    page.get_by_placeholder("last name or record number").fill("Nobody")
    page.get_by_placeholder("last name or record number").press("Enter")
    page.get_by_text("No patient has that name or record number.").wait_for()


def test_a_plan_is_made_and_a_write_off_needs_a_second_person(opened: Any, served: Served) -> None:
    page = opened("cashier", "balances")
    page.locator("tr", has_text="Castro, Ann").click()
    page.locator(".strip", has_text="Castro, Ann").wait_for()
    at_rest(page)
    type_into(page, "A month", "25.00")
    press(page, "Make the plan")
    said(page, "A plan of 3 installments for Castro, Ann.")
    page.get_by_role("radio", name="hardship").click()
    at_rest(page)
    type_into(page, "Reason", "out of work since May")
    press(page, "Ask for the write-off")
    said(page, "Another person decides.")
    page.get_by_text("Waits for another person: chief.").wait_for()
    assert page.get_by_role("button", name="Approve").count() == 0
    assert page.get_by_role("button", name="Place in collections").count() == 0, "a manager's decision"
    press(page, "Sign out")
    page = opened("chief", "balances")
    press(page, "Approve")
    said(page, "of Castro, Ann is written off")
    assert "Castro, Ann" not in {g["name"] for g in served.ask("chief", "GET", "/guarantors")}


@pytest.mark.parametrize("wrong", ["-5", "0", "a lot"])
def test_a_payment_that_is_none_is_refused_in_words(opened: Any, wrong: str) -> None:
    page = opened("cashier", "balances")
    page.locator("tr[aria-selected=true]").wait_for()
    type_into(page, "Amount", wrong)
    press(page, "Take it")
    page.locator(".said.bad").wait_for()


def test_a_statement_run_twice_on_a_day_sends_nothing_twice(opened: Any, served: Served) -> None:
    before = len(served.ask("cashier", "GET", "/statements"))
    page = opened("cashier", "balances")
    press(page, "Draw up the statements that are due")
    said(page, "No statement is due today")
    assert len(served.ask("cashier", "GET", "/statements")) == before


def test_a_credit_of_medicare_is_investigated_asked_back_and_refunded_by_another_person(
    opened: Any, served: Served
) -> None:
    page = opened("cashier", "credits")
    page.locator("tr[aria-selected=true]", has_text="42 CFR 401.305").wait_for()
    type_into(page, "What is looked into", "which visits the lump is for")
    press(page, "Begin a good-faith investigation")
    said(page, "It goes back by")
    type_into(page, "Reason", "no claim of ours")
    press(page, "Ask for the refund")
    said(page, "A manager decides.")
    press(page, "Sign out")
    page = opened("chief", "credits")
    press(page, "Approve")
    said(page, "is paid back to Medicare Part B")
    assert served.ask("chief", "GET", "/credits") == []


def test_the_aging_opens_to_its_balances_and_leaves_as_a_spreadsheet(opened: Any) -> None:
    page = opened("cashier", "receivable")
    page.locator(".strip", has_text="open balances").wait_for()
    total = page.locator("tr[aria-selected=true] td.strong").first.inner_text()
    assert total.replace(",", "") in page.locator(".strip", has_text="open balances").inner_text().replace(",", "")
    page.get_by_role("radio", name="over 120").click()
    page.locator("td.bad").first.wait_for()
    at_rest(page)
    with page.expect_download() as download:
        press(page, "Save these as XLSX")
    with zipfile.ZipFile(Path(download.value.path())) as book:
        assert b"Abel" in book.read("xl/worksheets/sheet1.xml")
    page.get_by_role("link", name="Open the account").click()
    page.locator(".strip", has_text="insurance paid +").wait_for()


def test_the_aging_by_provider_says_who_that_is(opened: Any) -> None:
    page = opened("cashier", "receivable")
    page.get_by_label("By", exact=True).click()
    page.get_by_role("option", name="by provider").click()
    page.locator("tr[aria-selected=true]", has_text=f"Doe, Ann {specimens.PROVIDER.npi}").wait_for()
    at_rest(page)
    page.locator(".strip", has_text="open balance").wait_for()


def test_a_figure_opens_to_the_claims_behind_it_and_says_that_it_still_moves(opened: Any) -> None:
    page = opened("chief", "figures")
    page.locator("tr[aria-selected=true]", has_text="Denial rate").wait_for()
    said(page, "so it still moves")
    page.get_by_role("radio", name="sent, and not answered yet").click()
    page.locator("td", has_text="first answer: not answered").first.wait_for()
    for name in ("First-pass payment rate", "Clean-claim rate"):
        at_rest(page)
        page.keyboard.press("ArrowDown")
        page.locator("tr[aria-selected=true]", has_text=name).wait_for()
    page.locator("td", has_text="passed untouched").first.wait_for()
    assert page.locator("td", has_text="still moving").count() >= 1
    assert page.locator("td", has_text="settled").count() >= 1


def test_two_answers_that_disagree_wait_on_the_day_until_somebody_says_what_the_payer_told(
    opened: Any, served: Served
) -> None:
    claim = money_house.claims(practice_day())[1]
    assert served.ask("cashier", "GET", f"/claims/{claim.id}")["state"] == "paid"
    again = advice([answer(claim, ("CO-197 100",), ("CO-45 10",))], "EFT8", paid_on=practice_day())
    page = opened("cashier", "remittances")
    press(page, "Take in files from payers")
    file = {"name": "EFT8.835", "mimeType": "text/plain", "buffer": file_of(again)}
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files([file])
    press(page, "Take them in")
    page.locator("tr", has_text="EFT8").first.wait_for()

    page = opened("cashier", "day")
    row = page.locator("tr", has_text="answered twice, and otherwise: 99213: not denied before, CO-197 now")
    row.click()
    page.locator("tr[aria-selected=true]", has_text=claim.number).wait_for()
    at_rest(page)
    settle = page.get_by_role("button", name="It is settled")
    settle.click()
    assert "What the payer said is missing." in page.locator(".said.bad").inner_text()
    at_rest(page)
    assert row.count() == 1
    type_into(page, "What the payer said of its two answers", "the payment holds")
    settle.click()
    said(page, "What the payer said is noted")
    at_rest(page)
    assert row.count() == settle.count() == 0
    assert "answer" not in {end["kind"] for end in served.ask("cashier", "GET", "/open-ends")}
    assert served.ask("cashier", "GET", f"/claims/{claim.id}")["state"] == "paid", "the claim stands as it stood"


def test_a_held_remittance_is_on_the_days_list_until_somebody_says_what_became_of_it(
    opened: Any, served: Served
) -> None:
    page = opened("cashier", "day")
    row = page.locator("tr", has_text="EFT3")
    row.click()
    page.locator("tr[aria-selected=true]", has_text="EFT3").wait_for()
    at_rest(page)
    type_into(page, "What the payer said of its remittance", "it sends another")
    page.get_by_role("button", name="It is settled").click()
    said(page, "What the payer said is noted; nothing of it is posted.")
    at_rest(page)
    assert row.count() == 0
    assert "EFT3" in {r["trace"] for r in served.ask("cashier", "GET", "/remittances?state=held")}


def test_the_day_is_closed_once_and_stays_closed(opened: Any, served: Served) -> None:
    page = opened("chief", "day")
    close = page.get_by_role("button", name="Close 20")
    close.wait_for()
    assert close.is_disabled()
    page.get_by_text("and every day before it").click()
    at_rest(page)
    close.click()
    words = said(page, "is closed. Nothing is posted with its date any more")
    assert served.ask("chief", "GET", f"/days/{words[:10]}")["closed"] is True


def test_who_may_not_close_the_day_is_told_so(opened: Any) -> None:
    page = opened("cashier", "day")
    page.get_by_test_id("stDateInputField").first.wait_for()
    assert page.locator(".said", has_text="is closed").count() == 1
