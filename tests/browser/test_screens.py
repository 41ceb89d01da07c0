"""The screens as people use them: a real browser, real servers, keys and clicks; what was done is asked of the API."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.house import MARKUP, PASSWORD, Served, at_rest, press, said

pytestmark = pytest.mark.browser
SignIn = Callable[[str], Any]


def open_visit(page: Any, served: Served, visit: str) -> None:
    """The coder's screen on one visit, live: a key pressed earlier would be lost."""
    page.goto(f"{served.screens}/?visit={visit}")
    page.wait_for_selector(f"tr[data-id={visit}][aria-selected=true]")
    page.wait_for_selector(".codes li.now")


def wait_saved(page: Any, decided: str) -> None:
    page.locator(".count", has_text=decided).wait_for()
    page.locator(".saved", has_text="saved").wait_for()


def decisions(served: Served, visit: str) -> dict[str, str]:
    view = served.ask("coder", "GET", f"/encounters/{visit}")
    return {each["code"]: f"{each['decision']} {each['reason']}".strip() for each in view["suggestions"]}


def test_one_key_a_decision_with_the_evidence_marked(sign_in: SignIn, served: Served) -> None:
    page = sign_in("coder")
    open_visit(page, served, "keys")
    assert page.locator("mark.now").inner_text() == "Essential hypertension, well controlled"
    page.keyboard.press("a")
    assert page.locator("mark.now").inner_text() == "Type 2 diabetes mellitus without complications"
    page.keyboard.press("x")
    page.keyboard.press("3")
    page.keyboard.press("a")
    page.keyboard.press("u")
    wait_saved(page, "2 of 3 decided")
    assert decisions(served, "keys") == {"I10": "accept", "E11.9": "reject not_supported", "99213": ""}
    page.keyboard.press("/")
    page.keyboard.type("z79.84")
    page.keyboard.press("Enter")
    wait_saved(page, "3 of 4 decided")
    assert decisions(served, "keys")["Z79.84"] == "add"
    page.keyboard.press("a")  # the field has been left: keys decide again
    wait_saved(page, "4 of 4 decided")
    page.keyboard.press("n")
    page.wait_for_selector("tr[data-id=keys][aria-selected=false]")


def test_a_digit_rejects_with_its_reason_and_a_typed_code_waits_for_nobody(sign_in: SignIn, served: Served) -> None:
    """Keys as fast as they come: none is lost, none lands on another code."""
    page = sign_in("coder")
    open_visit(page, served, "fast")
    for key in ("a", "2", "a", "/"):
        page.keyboard.press(key)
    page.keyboard.type("z7984")  # without its point
    page.keyboard.press("Enter")
    page.keyboard.press("/")
    page.keyboard.type("93000")
    page.keyboard.press("Enter")
    wait_saved(page, "5 of 5 decided")
    kept = decisions(served, "fast")
    assert kept == {"I10": "accept", "E11.9": "reject history", "99213": "accept", "Z79.84": "add", "93000": "add"}


def test_a_query_is_asked_and_answered_with_keys_and_holds_the_visit(sign_in: SignIn, served: Served) -> None:
    page = sign_in("coder")
    open_visit(page, served, "query")
    assert page.locator("li.now").get_attribute("data-code") == "M25.569"
    page.keyboard.press("q")
    page.locator("li.now", has_text="Which side does this concern?").wait_for()
    assert "Unable to determine" in page.locator("li.now").inner_text()
    page.keyboard.press("q")
    page.locator("li.now .asked", has_text="asked").wait_for()
    page.locator("tr[data-id=query]", has_text="asked").wait_for()
    for key in ("a", "a", "s"):
        page.keyboard.press(key)
    said(page, "Not signed.")
    assert "query to the provider is not answered" in page.locator(".findings").inner_text()
    at_rest(page)
    page.keyboard.press("ArrowUp")
    page.locator("li.now[data-code='M25.569']").wait_for()
    page.keyboard.press("q")
    page.keyboard.press("2")
    page.locator(".asked", has_text="answered: Left").wait_for()
    (query,) = served.ask("coder", "GET", "/encounters/query")["queries"]
    assert (query["answer"], query["state"], query["recorded_by"]) == ("Left", "answered", "coder")


def test_a_visit_is_ended_without_a_charge_by_two_keys(sign_in: SignIn, served: Served) -> None:
    page = sign_in("coder")
    open_visit(page, served, "close")
    page.keyboard.press("e")
    page.locator("li.ending", has_text="Why is nothing billed").wait_for()
    page.keyboard.press("1")
    said(page, "Closed without a charge")
    page.wait_for_selector("tr[data-id=close]", state="detached")
    view = served.ask("coder", "GET", "/encounters/close")
    assert (view["status"], view["close_reason"]) == ("closed", "global_period")


def test_accepted_codes_are_signed_and_the_claim_is_ready(sign_in: SignIn, served: Served) -> None:
    page = sign_in("coder")
    open_visit(page, served, "sign")
    for _ in range(3):
        page.keyboard.press("a")
    wait_saved(page, "3 of 3 decided")
    at_rest(page)
    order = page.get_by_label("Diagnoses, first-listed first")
    assert order.input_value() == "I10 E11.9"
    order.fill("E11.9 I10")
    page.get_by_label("For diagnoses").fill("B")
    page.get_by_label("For diagnoses").press("Escape")
    page.keyboard.press("s")
    words = said(page, "Signed: claim")
    assert "is ready; 1 charge, $150.00" in words
    claim_id = served.ask("coder", "GET", "/encounters/sign")["claim_id"]
    claim = served.ask("biller", "GET", f"/claims/{claim_id}")
    assert claim["state"] == "ready" and claim["number"] in words
    # a claim lists the diagnoses its lines point to first
    assert claim["lines"][0]["diagnoses"] == ["I10"] and set(claim["diagnoses"]) == {"E11.9", "I10"}
    assert page.locator("tr[data-id=sign]").count() == 0


def test_a_refresh_keeps_the_visit_and_every_decision(sign_in: SignIn, served: Served) -> None:
    page = sign_in("coder")
    open_visit(page, served, "refresh")
    page.keyboard.press("a")
    wait_saved(page, "1 of 3 decided")
    page.reload()
    page.wait_for_selector("tr[data-id=refresh][aria-selected=true]")
    assert page.wait_for_selector("li[data-code=I10]").get_attribute("data-decision") == "accept"
    assert page.locator("li.now").get_attribute("data-code") == "E11.9"


def test_signing_with_codes_undecided_asks_first_and_says_what_is_missing(sign_in: SignIn, served: Served) -> None:
    page = sign_in("coder")
    open_visit(page, served, "unsure")
    page.keyboard.press("a")
    page.keyboard.press("s")
    page.get_by_role("button", name="Sign without 2 undecided").wait_for()
    assert served.ask("coder", "GET", "/encounters/unsure")["status"] == "coded"
    page.keyboard.press("s")
    said(page, "Not signed.")
    assert "no signed procedure" in page.locator(".findings").inner_text()


def test_markup_in_a_note_or_a_name_is_text(sign_in: SignIn, served: Served) -> None:
    page = sign_in("coder")
    open_visit(page, served, "markup")
    assert MARKUP in page.locator(".note").inner_text()
    assert "Dunn</script><b>, Ann" in page.locator("tr[data-id=markup]").inner_text()
    assert "Dunn</script><b>, Ann" in page.locator(".strip", has_text="born").inner_text()
    assert page.evaluate("window.harmed") is None and page.locator("[onerror]").count() == 0


def test_a_held_claim_is_mended_and_sent(sign_in: SignIn, served: Served) -> None:
    body = {"diagnoses": ["I10"], "procedures": [{"code": "73721"}]}
    signed = served.ask("coder", "POST", "/encounters/images/signature", body)
    assert signed["claim_state"] == "held"
    page = sign_in("biller")
    row = page.locator(f"tr[data-id='{signed['claim_id']}']")
    row.wait_for()
    assert "the payer requires prior authorization" in row.inner_text()
    row.click()
    page.locator(".strip", has_text=f"{signed['claim_number']} held").wait_for()
    at_rest(page)
    page.get_by_label("Authorization", exact=True).fill("AUTH-42")
    page.get_by_label("Reason").fill("the payer gave it by telephone")
    page.get_by_label("Reason").press("Tab")
    press(page, "Mend")
    said(page, f"Claim {signed['claim_number']} is ready.")
    page.get_by_role("button", name="ready claim").click()
    said(page, ".837")
    claim = served.ask("biller", "GET", f"/claims/{signed['claim_id']}")
    assert (claim["state"], claim["authorization"]) == ("submitted", "AUTH-42")
    assert any("by telephone" in event["reason"] for event in claim["history"])


def test_a_statement_is_saved_as_a_pdf(sign_in: SignIn, served: Served) -> None:
    body = {"diagnoses": ["I10"], "procedures": [{"code": "99213"}]}
    assert served.ask("coder", "POST", "/encounters/paper/signature", body)["claim_id"] == ""
    assert [made["total"] for made in served.ask("biller", "POST", "/statements")] == ["150.00"]
    page = sign_in("biller")
    page.get_by_role("link", name="Statements").click()
    with page.expect_download() as download:
        press(page, "Save the PDF")
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")


def test_the_manager_sees_figures_and_the_proof_of_the_ledger(sign_in: SignIn) -> None:
    page = sign_in("both")
    page.get_by_role("link", name="Practice").click()
    said(page, "sum to 0 cents")
    assert page.locator(".figure").count() >= 3


def test_who_works_in_several_practices_chooses_and_a_refresh_keeps_the_choice(sign_in: SignIn) -> None:
    page = sign_in("both")
    page.wait_for_selector(".codes li.now")
    at_rest(page)
    page.locator(".st-key-practice").click()
    page.get_by_role("option", name="Oak Street Clinic").click()
    page.locator(".strip", has_text="0 claims to work").wait_for()
    assert page.get_by_role("link", name="Coding").count() == 0  # only a biller there
    page.reload()
    page.locator(".strip", has_text="0 claims to work").wait_for()


def test_the_session_is_a_cookie_no_script_reads_and_ends_with_sign_out(sign_in: SignIn, served: Served) -> None:
    page = sign_in("coder")
    page.wait_for_selector(".codes li.now")
    (cookie,) = [each for each in page.context.cookies() if each["name"] == "cleanclaim_session"]
    assert cookie["httpOnly"] and cookie["sameSite"] == "Strict"
    assert cookie["name"] not in page.evaluate("document.cookie")
    press(page, "Sign out")
    page.wait_for_url(f"{served.api}/signin")
    page.goto(served.screens)
    said(page, "You are not signed in.")
    page.get_by_role("link", name="Sign in").click()  # in this tab
    page.wait_for_url(f"{served.api}/signin")


def test_a_wrong_password_and_a_token_that_ran_out_say_what_to_do(page: Any, served: Served) -> None:
    page.goto(f"{served.api}/signin")
    page.fill("#username", "coder")
    page.fill("#password", "wrong")
    page.click("button")
    assert "check the login and the password" in page.locator("[role=alert]").inner_text()
    page.context.add_cookies([{"name": "cleanclaim_session", "value": "old", "url": served.screens}])
    page.goto(served.screens)
    said(page, "Sign in again.")
    assert PASSWORD not in page.content()


def test_a_user_without_a_screen_is_told_so(sign_in: SignIn) -> None:
    page = sign_in("nobody")
    page.get_by_text("Your roles open none of these screens.").wait_for()


def test_the_descriptions_of_the_api_ask_nothing_of_anybody(page: Any, served: Served) -> None:
    page.goto(f"{served.api}/docs")
    assert page.locator("article h3", has_text="/claims/{claim_id}/mend").count() == 1


@pytest.mark.parametrize(
    ("login", "path", "words"),
    [
        ("biller", "billing", "claims to work"),  # the first page of the role: it answers at two addresses
        ("biller", "contracts", "contracts, one row for each payer"),
        ("biller", "models", "do not open the page Models. Ask an administrator for the role data scientist or"),
        ("nobody", "billing", "Your roles open none of these screens"),
    ],
)
def test_the_address_of_a_page_opens_it_or_says_why_not(
    sign_in: SignIn, served: Served, login: str, path: str, words: str
) -> None:
    page = sign_in(login)
    at_rest(page)
    page.goto(f"{served.screens}/{path}")
    page.get_by_text(words).first.wait_for()
    at_rest(page)
    assert page.get_by_text("Page not found").count() == 0
    assert page.url.startswith(f"{served.screens}/{path}")


def test_the_page_asked_for_is_shown_after_signing_in(page: Any, served: Served) -> None:
    page.goto(f"{served.screens}/underpayments")
    said(page, "You are not signed in.")
    assert page.get_by_text("Page not found").count() == 0
    page.get_by_role("link", name="Sign in").click()
    page.wait_for_url(f"{served.api}/signin?page=underpayments")
    page.fill("#username", "biller")
    page.fill("#password", "wrong")
    page.click("button")
    page.fill("#username", "biller")
    page.fill("#password", PASSWORD)
    page.click("button")
    page.wait_for_url(f"{served.screens}/underpayments")
    at_rest(page)
    assert page.get_by_role("link", name="Underpayments").count() == 1
    assert page.get_by_text("Page not found").count() == 0
