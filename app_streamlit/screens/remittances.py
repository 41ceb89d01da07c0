"""Remittances: what each payer's payment said and what it posted, line by line, each entry with its cause.

Keys: down and up go through the remittances, j and k through the claims of the one chosen.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from app_streamlit import money
from app_streamlit.widgets.acting import J_K, act, pick, show_done, typed
from app_streamlit.widgets.entries import show_entries, show_segments
from app_streamlit.widgets.look import account_link, added, counted, dollars, said, strip
from app_streamlit.widgets.messages import show_findings
from app_streamlit.widgets.picklist import Cell, Row, show_table
from serving.schemas.billing import ReceiptView
from serving.schemas.money import AnsweredClaim, AnswerView, RemittanceItem, RemittanceView

REMITTANCE, CLAIM, RECEIPTS = "remittance", "remittance_claim", "remittance_receipts"
PAGE = 100  # claims of a remittance that the API gives at once
STATES = {"": "all", "posted": "posted", "held": "held"}
COLUMNS = (("Paid on", ""), ("Payer", ""), ("Check or trace", "code"), ("Amount", "number"), ("", ""))
CLAIMS = (
    ("", "number"),
    ("Claim", "code"),
    ("Patient", ""),
    ("Answered", ""),
    ("Billed", "number"),
    ("Paid", "number"),
    ("Patient owes", "number"),
    ("Denied lines", "number"),
)
CARRIED = (
    ("Payer", ""),
    ("Payer's reference", "code"),
    ("Since", ""),
    ("Withheld", "number"),
    ("Carried", "number"),
    ("Open", "number"),
    ("", ""),
)
LINES = (
    ("Procedure", "code"),
    ("Seen", ""),
    ("Billed", "number"),
    ("Paid", "number"),
    ("Not paid", "lines"),
    ("Because", "lines"),
)


def show() -> None:
    """The page. Raises ApiProblem where nothing of it can be shown."""
    api = money.current()
    state, find, take = st.columns([2, 4, 4], vertical_alignment="center")
    wanted = state.selectbox(
        "Show", list(STATES), format_func=lambda each: f"{STATES[each]} remittances", key="remittance_state",
        label_visibility="collapsed",
    )  # fmt: skip
    sought = find.text_input(
        "Find", placeholder="payer, check or trace number", key="remittance_find", label_visibility="collapsed"
    )
    with take.popover("Take in files from payers", width="stretch"):
        _take_in()
    show_done()
    _show_receipts()
    found = api.remittances(wanted, sought)
    if not found:
        _nothing(wanted, sought)
        return
    _standing(found)
    _carried(api)
    rows = [Row(item.id, _cells(item)) for item in found]
    place = pick(REMITTANCE, "remittances", COLUMNS, rows, height="max(150px, 24vh)")
    _remittance(api, found[place].id)


def _carried(api: money.MoneyClient) -> None:
    """What payers took, or said they will take, outside of any claim."""
    found = api.carried()
    if found:
        with st.expander(f"Withheld or carried by payers, and not settled ({len(found)})"):
            rows = [
                Row(
                    f"{item.payer} {item.reference}",
                    [
                        (item.payer, ""), (item.reference, ""), (item.since, ""), (item.withheld, ""),
                        (item.carried, ""), (item.open, "strong"), (item.says, "quiet"),
                    ],
                )
                for item in found
            ]  # fmt: skip
            show_table("carried", CARRIED, rows)


def _nothing(state: str, sought: str) -> None:
    if sought:
        st.info("No remittance has that payer, check or trace. Look for fewer letters.")
    elif state:
        st.info("No remittance is held." if state == "held" else "No remittance is posted yet.")
    else:
        st.info(
            "No remittance came yet. Take in the 835 files of your payers, or leave them in the inbox for the night."
        )


def _standing(found: list[RemittanceItem]) -> None:
    held = sum(item.state == "held" for item in found)
    total = added(item.amount for item in found if item.state == "posted")
    strip(
        (counted(len(found), "remittance"), "shown", ""),
        (dollars(total), "posted", ""),
        (str(held), "held", "bad" if held else ""),
    )


def _take_in() -> None:
    files = st.file_uploader(
        "835, 999, 277CA or TA1 files", accept_multiple_files=True, key="remittance_files", label_visibility="collapsed"
    )
    st.button("Take them in", disabled=not files, on_click=act, args=(lambda: _receive(files),), type="primary")


def _receive(files: Any) -> str:
    api = money.current()
    st.session_state[RECEIPTS] = receipts = [(file.name, api.receive(file.name, file.getvalue())) for file in files]
    posted = sum(receipt.posted for _, receipt in receipts)
    return f"{counted(len(receipts), 'file')} taken in: {counted(posted, 'remittance')} posted."


def _show_receipts() -> None:
    """What became of each file, once: what was held and why, what a person should look at."""
    receipts: list[tuple[str, ReceiptView]] = st.session_state.pop(RECEIPTS, [])
    for name, receipt in receipts:
        if not receipt.is_new:
            said(f"{name} was here before; nothing changed.")
        for why in receipt.held:
            said(f"{name} is held: {why}.", "bad")
        if receipt.unmatched:
            said(f"{name}: {counted(receipt.unmatched, 'answer')} found no claim; see Unmatched.", "bad")
        show_findings(receipt.findings)


def _cells(item: RemittanceItem) -> tuple[Cell, ...]:
    return (
        (item.paid_on, ""),
        (item.payer, ""),
        (item.trace, ""),
        (item.amount, "strong"),
        (item.state, "bad" if item.state == "held" else "good"),
    )


# --- one remittance ---


def _remittance(api: money.MoneyClient, remittance_id: str) -> None:
    page, sought = int(st.session_state.get(f"page_{remittance_id}", 1)), typed(f"find_{remittance_id}")
    view = api.remittance(remittance_id, page, sought)
    _payment(view)
    for why in view.reasons:
        said(f"Held, nothing of it is posted: {why}. Ask the payer for a corrected file.", "bad")
    if view.provider_adjustments:
        _provider_adjustments(view)
    if not view.claims and not sought:
        st.info("This payment speaks of no claim.")
        return
    left, right = st.columns(2)
    with left:
        _pages(view, remittance_id, sought)
        if not view.claims:
            st.info("No claim of this payment has that number.")
            return
        position = _claims(view)
    with right:
        _answer(api.one_answer(remittance_id, position), view)


def _payment(view: RemittanceView) -> None:
    agrees = view.cash_posted == view.amount
    strip(
        (dollars(view.amount), f"from {view.payer}, {view.method}", ""),
        (view.trace, f"of {view.paid_on}", ""),
        ("", f"{view.file_name}, set {view.set_number}" if view.file_name else "", ""),
        (
            "" if view.state == "held" else dollars(view.cash_posted),
            "posted, to the cent" if agrees else "posted: not what was paid",
            "" if agrees else "bad",
        ),
        ("At the bank" if view.deposited else "Not seen at the bank", view.deposited, ""),
    )


def _provider_adjustments(view: RemittanceView) -> None:
    rows = [
        Row(
            entry.id,
            [
                (entry.why, ""),
                (entry.reference, "quiet"),
                (", ".join(f"{name} {amount}" for name, amount in entry.amounts.items()), ""),
            ],
        )
        for entry in view.provider_adjustments
    ]
    show_table("provider_adjustments", (("Not about one claim", ""), ("Payer's reference", "code"), ("", "")), rows)


def _claims(view: RemittanceView) -> int:
    rows = [Row(str(claim.position), _claim(claim)) for claim in view.claims]
    return view.claims[pick(f"{CLAIM}_{view.id}", "answers", CLAIMS, rows, height="48vh", keys=J_K)].position


def _claim(claim: AnsweredClaim) -> tuple[Cell, ...]:
    return (
        (str(claim.position), "quiet"),
        (claim.number, "" if claim.claim_id else "bad"),
        (claim.patient, ""),
        (claim.status if claim.claim_id else f"{claim.status}; no claim of ours", "" if claim.claim_id else "bad"),
        (claim.charge, "quiet"),
        (claim.paid, "strong"),
        (claim.patient_share, ""),
        (str(claim.denied) if claim.denied else "", "bad"),
    )


def _pages(view: RemittanceView, remittance_id: str, sought: str) -> None:
    """Where there are more claims than a page: how many, and the way to one of them."""
    pages = -(-view.claims_count // PAGE)
    if pages < 2 and not sought:
        return
    facts, find, page = st.columns([5, 3, 2], vertical_alignment="bottom")
    with facts:
        strip(
            (counted(view.claims_count, "claim"), f"paid {dollars(view.claims_paid)}", ""),
            (str(view.claims_unmatched or ""), "of them are none of ours" if view.claims_unmatched else "", "bad"),
        )
    find.text_input(
        "Find a claim", key=f"find_{remittance_id}", placeholder="part of its number", on_change=_first_page,
        args=(remittance_id,),
    )  # fmt: skip
    if pages > 1:
        page.number_input(f"Page of {pages:,}", 1, pages, key=f"page_{remittance_id}")


def _first_page(remittance_id: str) -> None:
    st.session_state[f"page_{remittance_id}"] = 1


def _answer(answer: AnswerView, view: RemittanceView) -> None:
    strip(
        (answer.number, answer.status, ""),
        (answer.patient, "", ""),
        ("", f"given to claim {answer.claim_number}" if answer.claim_number not in ("", answer.number) else "", ""),
        link=account_link(answer.patient_id) if answer.patient_id else "",
    )
    rows = [
        Row(
            str(place),
            [
                (" ".join([line.procedure, *line.modifiers]), "bad" if line.denied else ""),
                (line.service_date, "quiet"),
                (line.charge, ""),
                (line.paid, "strong"),
                ("\n".join(f"{a.code} {a.amount}" for a in line.adjustments), ""),
                ("\n".join(a.words for a in line.adjustments), "quiet"),
            ],
        )
        for place, line in enumerate(answer.lines)
    ]
    if rows:
        show_table("answer_lines", LINES, rows)
    for adjustment in answer.adjustments:
        strip((f"{adjustment.code} {adjustment.amount}", f"on the whole claim: {adjustment.words}", ""))
    if answer.entries:
        strip(("What it posted", counted(len(answer.entries), "entry"), ""))
        show_entries("answer_entries", answer.entries)
    else:
        st.info("It posted nothing: a denial or an estimate moves no money." if view.state == "posted" else "Held.")
    show_segments(answer.segments, view.file_name)
