"""The screens around the denial model as people use them: alarm, challenger, the signature and the way back; the letter
of an appeal from the draft to the payer's decision. What was done is asked of the API.

The tests of the practice follow one another as its work does.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from tests.browser.house import Served, at_rest, press, said, type_into
from tests.browser.test_money_screens import opened

__all__ = ["opened"]
pytestmark = pytest.mark.browser
Opened = Callable[[str, str], Any]


def models_of(served: Served) -> dict[str, dict[str, Any]]:
    """The practice's denial models by what their card says of their data."""
    kept = served.ask("scientist", "GET", "/models")
    return {model["card"]["data"].split()[0]: model for model in kept if model["kind"] == "denial"}


def choose(page: Any, seal: str) -> None:
    page.locator(f"tr[data-id='{seal}']").click()
    page.locator(f"tr[data-id='{seal}'][aria-selected=true]").wait_for()
    page.get_by_text(f"Seal {seal}").wait_for()
    at_rest(page)


def sign(page: Any, button: str, reason: str) -> None:
    type_into(page, "Reason (kept in the event log)", reason)
    press(page, button)


# --- models ---


def test_drift_is_an_alarm_and_the_challenger_stands_beside_the_champion(opened: Opened, served: Served) -> None:
    page = opened("scientist", "")
    said(page, "Alarm: outcomes, all payers: 36 of 39 answers since ")
    assert page.locator(".strip", has_text="the challenger was better").count() == 1
    kept = models_of(served)
    champion, challenger = (page.locator(f"tr[data-id='{kept[name]['sha256']}']") for name in ("spring", "autumn"))
    assert "in service since" in champion.inner_text() and "challenger, in the shadow" in challenger.inner_text()
    rows = [row.inner_text().split("\t") for row in page.locator("tr", has_text="0.1000").all()]
    assert rows and rows[0][:4] == ["champion", "40", "36", "0.1000"], "what it stated, and what became of it"
    assert page.locator("td.bad", has_text="all payers").count() == 1


def test_a_challenger_is_signed_into_service_and_the_old_one_back_each_with_a_reason(
    opened: Opened, served: Served
) -> None:
    page = opened("scientist", "")
    spring, autumn = (models_of(served)[name]["sha256"] for name in ("spring", "autumn"))
    choose(page, autumn)
    press(page, "Sign into service")
    page.get_by_text("A signature needs a reason.").wait_for()
    assert not models_of(served)["autumn"]["in_service"]
    at_rest(page)
    sign(page, "Sign into service", "it saw the denials coming")
    said(page, f"denial {autumn[:12]} serves, signed by scientist.")
    assert models_of(served)["autumn"]["in_service"]
    at_rest(page)
    assert page.get_by_role("button", name="Sign into service").count() == 0, "it serves"
    choose(page, spring)
    sign(page, "Back into service", "its reasons are not understood yet")
    said(page, f"denial {spring[:12]} serves, signed by scientist.")
    now = models_of(served)
    assert now["spring"]["in_service"] and not now["autumn"]["in_service"]
    assert now["autumn"]["activated_by"] == "scientist", "who signed it in stays on record"


def test_an_offered_model_goes_into_the_shadow_and_its_card_can_be_read(opened: Opened, served: Served) -> None:
    page = opened("scientist", "")
    late = models_of(served)["late"]
    assert not late["activated_at"] and not late["challenger"]
    choose(page, late["sha256"])
    page.get_by_text("Model card").click()
    page.get_by_text("not for").first.wait_for()
    at_rest(page)
    sign(page, "Score in the shadow", "trained a week later")
    said(page, "scores in the shadow from tonight on; nobody is shown what it says")
    assert models_of(served)["late"]["challenger"]


def test_the_manager_sees_the_alarm_and_withholds_advice_from_a_slice(opened: Opened, served: Served) -> None:
    page = opened("warden", "models")
    said(page, "Alarm: outcomes, all payers")
    slider = page.get_by_role("slider")
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    at_rest(page)
    type_into(page, "Why", "to see what the model is worth")
    press(page, "Choose")
    said(page, "From now on advice is withheld from 5 in 100 visits.")
    assert served.ask("warden", "GET", "/advice/withheld")["percent"] == 5


# --- appeals ---


def appeal_of(served: Served) -> dict[str, Any]:
    item = served.ask("appellant", "GET", "/appeals")[0]
    return dict(served.ask("appellant", "GET", f"/appeals/{item['id']}"))


def letter(page: Any) -> str:
    """The words of the PDF that the page gives."""
    at_rest(page)
    with page.expect_download() as download:
        press(page, "Letter (PDF)")
    pages = PdfReader(BytesIO(Path(download.value.path()).read_bytes())).pages
    return "\n".join(each.extract_text() for each in pages)


def write_in_table(page: Any, row: int, column: int, text: str) -> None:
    """Type into a cell of the letter's table, counted from 0. The table is a canvas: a click lands in its first row,
    the arrows do the rest.
    """
    page.locator(".dvn-scroller").click(position={"x": 200, "y": 52})
    for key in ["ArrowDown"] * row + ["ArrowRight"] * column:
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    cell = page.locator(".gdg-input")
    cell.wait_for()
    cell.fill(text)
    page.keyboard.press("Enter")
    cell.wait_for(state="detached")
    at_rest(page)


def test_a_denied_claims_letter_is_drafted_from_the_queue(opened: Opened, served: Served) -> None:
    page = opened("appellant", "")
    page.locator(".strip", has_text="Worth working:").wait_for()
    worth = page.locator(".strip", has_text="Worth working:").inner_text()
    assert "expected of the payer once the deductible is met x 100% lost unless worked" in worth
    assert "worked x 63% of it saved by work (the trade's average) - $50" in worth
    press(page, "Draft an appeal")
    said(page, "is drafted")
    made = appeal_of(served)
    assert (made["level"], made["state"], made["reasons"]) == (1, "draft", ["CO-50"])
    at_rest(page)
    page.goto(f"{served.screens}/appeals")
    page.locator("tr[aria-selected=true]", has_text="draft").wait_for()
    at_rest(page)
    assert "DRAFT, not signed" in letter(page)


def test_a_sentence_is_written_anew_in_the_table_and_keeps_where_it_stands(opened: Opened, served: Served) -> None:
    before = appeal_of(served)["sentences"]
    page = opened("appellant", "appeals")
    write_in_table(page, 0, 1, "everybody knows")
    press(page, "Keep the letter")
    said(page, "A sentence that cites nothing known")
    assert appeal_of(served)["sentences"] == before, "a letter is kept whole or not at all"

    page = opened("appellant", "appeals")
    words = "Our claim was refused, and the chart says why it should not have been."
    write_in_table(page, 1, 0, words)
    press(page, "Keep the letter")
    said(page, "The letter is kept.")
    after = appeal_of(served)["sentences"]
    assert after == [before[0], {"words": words, "source": before[1]["source"]}, *before[2:]]
    at_rest(page)
    paper = " ".join(letter(page).split())
    assert words in paper and before[1]["words"] not in paper
    assert all(sentence["source"] in paper for sentence in after)


def test_it_is_signed_filed_and_kept_as_it_went_out(opened: Opened, served: Served) -> None:
    page = opened("appellant", "appeals")
    press(page, "Sign and file")
    page.get_by_text("A letter needs a name under it.").wait_for()
    at_rest(page)
    type_into(page, "Signed by (under the letter)", "A. Appellant")
    press(page, "Sign and file")
    said(page, "the payer has to decide")
    filed = appeal_of(served)
    assert (filed["state"], filed["signed_by"], filed["sent_by"]) == ("filed", "A. Appellant", "portal")
    at_rest(page)
    words = letter(page)
    assert "Signed: A. Appellant" in words and "DRAFT" not in words and "[1]" in words
    assert served.ask("appellant", "GET", "/queue")["items"] == [], "what waits for the payer is no work"


def test_the_payers_decision_is_recorded_and_the_next_level_is_open(opened: Opened, served: Served) -> None:
    page = opened("appellant", "appeals")
    page.get_by_label("The payer decided").click()
    page.get_by_role("option", name="upheld").click()
    at_rest(page)
    press(page, "Record")
    said(page, "Recorded: upheld")
    claim_id = appeal_of(served)["claim_id"]
    second = served.ask("appellant", "POST", f"/claims/{claim_id}/appeals")
    assert second["level"] == 2 and second["deadline"] > appeal_of(served)["filed_on"]
    page = opened("appellant", "appeals")
    page.locator("tr[aria-selected=true]", has_text="2").wait_for()
    assert page.locator("tr", has_text="upheld").count() == 1
