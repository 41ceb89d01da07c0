"""Paper keyed in: checks, virtual cards and lockbox pages, line by line, with what does not agree yet beside it.

Every field is kept by the API as soon as it is left: a batch half typed is there after a reload, tomorrow, and on
another machine. Tab goes from field to field as on the paper. It posts only when line, claim, payment and batch agree.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from app_streamlit import money
from app_streamlit.client import ApiProblem
from app_streamlit.widgets.acting import act, choose, chosen, show_done, typed
from app_streamlit.widgets.look import counted, dollars, said, strip, typed_amount
from app_streamlit.widgets.messages import hold, told
from app_streamlit.widgets.picklist import Row, picklist
from serving.schemas.keying import DraftClaim, DraftIn, DraftLine, DraftPayment, DraftView, KnownClaim, LackView

VIEW, FIELD, BATCH = "keying_view", "keying", "batch"
METHODS = {"CHK": "check", "CARD": "virtual card", "ACH": "bank transfer", "NON": "no payment"}
STATUSES = {"1": "as primary", "2": "as secondary", "3": "as tertiary", "4": "denied", "22": "taken back"}
LINE = (  # field, what stands over it, how wide
    ("procedure", "Procedure", 1.2),
    ("modifiers", "Mod.", 0.8),
    ("service_date", "Seen", 1.4),
    ("charge", "Billed", 1.1),
    ("paid", "Paid", 1.1),
    ("discount", "Discount CO-45", 1.1),
    ("deductible", "Deductible PR-1", 1.1),
    ("coinsurance", "Coins. PR-2", 1.1),
    ("copay", "Copay PR-3", 1.1),
    ("other", "Other reasons", 2.2),
    ("remarks", "Remarks", 1.1),
)
CLAIMS = (("", "number"), ("Claim", "code"), ("Patient", ""), ("Paid", "number"), ("Does not agree", "number"))
SHOWN = 8  # things that do not agree, said at once


def show() -> None:
    """The page. Raises ApiProblem where nothing of it can be shown."""
    view = _opened()
    if view is not None:
        try:
            view = _kept(view, _as_typed(view))
        except ApiProblem as problem:
            if problem.status != 409:
                raise
            _forget()
            hold(problem)
            st.rerun()
    batches, begin = st.columns([7, 3], vertical_alignment="center")
    with begin.popover("Begin a batch", width="stretch"):
        _beginning()
    with batches:
        _batches(view)
    show_done()
    if view is None:
        st.info("No batch is being keyed. Add up the checks and count the claims; then begin a batch with both totals.")
        return
    _totals(view)
    number = _payments(view)
    if number is not None:
        _payment(view, number)


# --- the batch that is open, and what is typed in it ---


def _opened() -> DraftView | None:
    """The batch in front of the screen: the one chosen, else the first that is being keyed; read once."""
    held = st.session_state.get(VIEW)
    wanted = str(st.query_params.get(BATCH, ""))
    if isinstance(held, DraftView) and held.id == wanted:
        return held
    api = money.current()
    known = [item.id for item in api.batches()]
    _forget()
    if not known:
        st.query_params.pop(BATCH, None)
        return None
    now = wanted if wanted in known else known[0]
    st.query_params[BATCH] = now
    view = api.batch(now)
    st.session_state[VIEW] = view
    return view


def _forget() -> None:
    """What the fields hold is given up: they show what the API keeps."""
    st.session_state.pop(VIEW, None)
    for key in [key for key in st.session_state if str(key).startswith(f"{FIELD}|")]:
        del st.session_state[key]


def _key(view: DraftView, name: str, payment: int = -1, claim: int = -1, line: int = -1) -> str:
    return f"{FIELD}|{view.id}|{payment}|{claim}|{line}|{name}"


def _as_typed(view: DraftView) -> DraftIn:
    """The batch with what stands in the fields on the screen now."""
    draft = view.draft.model_copy(deep=True)
    for key, value in st.session_state.items():
        found = str(key).split("|")
        if found[:2] != [FIELD, view.id] or value is None:
            continue
        payment, claim, line = map(int, found[2:5])
        part: Any = draft
        if payment >= 0:
            part = draft.payments[payment]
        if claim >= 0:
            part = part.claims[claim]
        if line >= 0:
            part = part.lines[line]
        setattr(part, found[5], str(value).strip())
    return draft


def _kept(view: DraftView, draft: DraftIn) -> DraftView:
    """The batch after the API has kept it; a claim of ours gets its lines as they were billed."""
    if draft == view.draft:
        return view
    draft.name = draft.name or view.draft.name
    view = money.current().save_batch(view, draft)
    ours = {known.claim_number: known for known in view.known}
    empty = [
        claim
        for payment in draft.payments
        for claim in payment.claims
        if not claim.lines and claim.claim_number.upper() in ours
    ]
    for claim in empty:
        claim.lines = [line.model_copy() for line in ours[claim.claim_number.upper()].lines]
    if empty:
        view = money.current().save_batch(view, draft)
    st.session_state[VIEW] = view
    return view


def _change(view: DraftView, how: Callable[[DraftIn], None]) -> Callable[[], str]:
    """An act that changes the shape of the batch: lines, claims or payments come or go."""

    def do() -> str:
        draft = _as_typed(view)
        how(draft)
        kept = _kept(view, draft)
        _forget()
        st.session_state[VIEW] = kept
        return ""

    return do


# --- batches ---


def _batches(view: DraftView | None) -> None:
    found = money.current().batches()
    if view is None or len(found) < 2:
        return
    names = {item.id: f"{item.name}  ({item.begun_by}, {item.begun_on})" for item in found}
    st.selectbox(
        "Batch", list(names), index=list(names).index(view.id) if view.id in names else 0, key="keying_batch",
        format_func=names.__getitem__, label_visibility="collapsed", on_change=_open,
    )  # fmt: skip


def _open() -> None:
    st.query_params[BATCH] = st.session_state["keying_batch"]


def _beginning() -> None:
    st.text_input("Name", key="keying_name", placeholder="lockbox of 4 May", max_chars=100)
    st.text_input("All checks add up to", key="keying_amount", placeholder="1234.50")
    st.text_input("Claims on the paper", key="keying_claims", placeholder="12")
    st.button("Begin", type="primary", on_click=act, args=(_begin,))


def _begin() -> str:
    draft = DraftIn(
        name=typed("keying_name"), control_amount=typed("keying_amount"), control_claims=typed("keying_claims"),
        payments=[DraftPayment(claims=[DraftClaim()])],
    )  # fmt: skip
    view = money.current().begin_batch(draft)
    _forget()
    st.query_params[BATCH] = view.id
    return f"{view.draft.name} is begun. Every field is kept when you leave it."


def _totals(view: DraftView) -> None:
    facts, post, away = st.columns([8, 2, 2], vertical_alignment="center")
    with facts:
        left = view.left
        strip(
            (view.draft.name, f"begun by {view.begun_by} on {view.begun_on}", ""),
            (dollars(view.keyed), f"keyed of {dollars(typed_amount(view.draft.control_amount) or '0.00')}", ""),
            (dollars(left), "left to key", "" if left == "0.00" else "bad"),
            (str(view.claims), f"of {counted(_number(view.draft.control_claims), 'claim')}", ""),
        )
    post.button(
        "Post the batch", type="primary", disabled=not view.ready, width="stretch", on_click=act,
        args=(lambda: _post(view),), help=None if view.ready else "It posts when everything agrees.",
    )  # fmt: skip
    with away.popover("Throw it away", width="stretch"):
        why = f"away_{view.id}"
        st.text_input("Why", key=why, max_chars=200)
        st.button("Throw the batch away", on_click=act, args=(lambda: _discard(view, typed(why)),))
    _lacks(view.lacks)
    with st.expander("Totals of the paper", expanded=not view.draft.control_amount):
        name, amount, claims = st.columns(3)
        _text(name, view, "Name", "name", view.draft.name)
        _text(amount, view, "All checks add up to", "control_amount", view.draft.control_amount)
        _text(claims, view, "Claims on the paper", "control_claims", view.draft.control_claims)


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0


def _lacks(lacks: list[LackView]) -> None:
    """What does not agree yet, each with its place; good news when nothing is left."""
    if not [lack for lack in lacks if not lack.hint]:
        said("Everything agrees: the batch may be posted.")
    elif lacks:
        words = [f"{_place(lack)}{told(lack.says)}" for lack in lacks]
        more = f" And {len(words) - SHOWN} more." if len(words) > SHOWN else ""
        said(" ".join(words[:SHOWN]) + more, "bad")


def _place(lack: LackView) -> str:
    named = (("Payment", lack.payment), ("claim", lack.claim), ("line", lack.line))
    place = ", ".join(f"{name} {number}" for name, number in named if number)
    return f"{place}: " if place else ""


def _post(view: DraftView) -> str:
    kept = _kept(view, _as_typed(view))
    receipt = money.current().post_batch(kept)
    _forget()
    st.query_params.pop(BATCH, None)
    waiting = f" {counted(receipt.unmatched, 'answer')} found no claim; see Unmatched." if receipt.unmatched else ""
    done = f"{counted(receipt.posted, 'payment')}, {counted(receipt.claims, 'claim')}"
    return f"{kept.draft.name} is posted: {done}.{waiting}"


def _discard(view: DraftView, why: str) -> str:
    money.current().discard_batch(view.id, why)
    _forget()
    st.query_params.pop(BATCH, None)
    return f"{view.draft.name} is thrown away; nothing of it was posted."


# --- payments ---


def _payments(view: DraftView) -> int | None:
    """Which payment is worked on, from 0; None while there is none."""
    payments, more = view.draft.payments, st.columns([8, 2], vertical_alignment="center")
    with more[1]:
        st.button("Another payment", width="stretch", on_click=act, args=(_change(view, _add_payment),))
    if not payments:
        return None
    with more[0]:
        known = [str(number) for number in range(len(payments))]
        at = st.session_state.get("keying_payment")
        now = st.segmented_control(
            "Payment", known, default=at if at in known else known[-1], key="keying_payments", required=True,
            format_func=lambda each: _called(view, int(each)), label_visibility="collapsed",
        )  # fmt: skip
    return int(now) if now in known else len(known) - 1


def _add_payment(draft: DraftIn) -> None:
    draft.payments.append(DraftPayment(claims=[DraftClaim()]))


def _called(view: DraftView, number: int) -> str:
    given, names = view.draft.payments[number], {payer.number: payer.name for payer in view.payers}
    words = " ".join(part for part in (names.get(given.payer_number, ""), given.trace) if part)
    return f"{number + 1}: {words or 'new'}"


EXAMPLES = {  # field -> what may be typed there
    "other": "CO-97 12.00",
    "service_date": "5/4/2026",
    "paid_on": "5/4/2026",
    "remarks": "N115",
}


def _text(place: Any, view: DraftView, label: str, name: str, value: str, *at: int, hidden: bool = False) -> None:
    example = "L6 -1.25, WO 7.00" if name == "other" and len(at) == 1 else EXAMPLES.get(name, "")
    example = example if at[2:] in ((), (0,)) else ""  # beside the first line alone
    shown = "collapsed" if hidden else "visible"
    place.text_input(label, value, key=_key(view, name, *at), label_visibility=shown, placeholder=example)


def _choice(place: Any, view: DraftView, label: str, name: str, choices: dict[str, str], value: str, *at: int) -> None:
    known = list(choices)
    place.selectbox(
        label, known, index=known.index(value) if value in known else None, key=_key(view, name, *at),
        format_func=lambda each: choices[each], placeholder="",
    )  # fmt: skip


def _payment(view: DraftView, number: int) -> None:
    given = view.draft.payments[number]
    with st.container(border=True):
        payer, method, trace, day, amount, other = st.columns([3, 1.6, 2, 1.6, 1.6, 2.4])
        payers = {each.number: f"{each.name} ({each.number})" for each in view.payers}
        _choice(payer, view, "Payer", "payer_number", payers, given.payer_number, number)
        _choice(method, view, "How", "method", METHODS, given.method, number)
        _text(trace, view, "Check or card number", "trace", given.trace, number)
        _text(day, view, "Paid on", "paid_on", given.paid_on, number)
        _text(amount, view, "Amount", "amount", given.amount, number)
        _text(other, view, "Not about one claim", "other", given.other, number)
        left = view.payments_left[number]
        facts, drop = st.columns([8, 2], vertical_alignment="center")
        with facts:
            strip(
                (counted(len(given.claims), "claim"), "typed", ""),
                (dollars(left), "of the payment is not on its claims", "bad") if left != "0.00" else ("", "", ""),
                ("", "the claims add up to the payment" if left == "0.00" and given.claims else "", ""),
            )
        drop.button(
            "Remove this payment", key="drop_payment", width="stretch", on_click=act,
            args=(_change(view, lambda draft: _drop(draft.payments, number)),),
        )  # fmt: skip
    left_side, right_side = st.columns([4, 9])
    with left_side:
        claim = _claims(view, number)
    with right_side:
        if claim is not None:
            _claim(view, number, claim)


def _drop(rows: list[Any], at: int) -> None:
    del rows[at]


# --- claims and lines ---


def _claims(view: DraftView, number: int) -> int | None:
    given = view.draft.payments[number].claims
    st.button(
        "Another claim", width="stretch", on_click=act,
        args=(_change(view, lambda draft: _add_claim(draft, number)),),
    )  # fmt: skip
    if not given:
        return None
    ours = {known.claim_number: known for known in view.known}
    known = [str(at) for at in range(len(given))]
    key = f"keying_claim_{view.id}_{number}"
    now = chosen(key, known)
    rows = []
    for at, claim in enumerate(given):
        its = ours.get(claim.claim_number.upper())
        left = view.claims_left[number][at]
        lines = [line for line in view.lines_left[number][at] if line != "0.00"]
        odd = left if left != "0.00" else counted(len(lines), "line") if lines else "" if claim.lines else "no line"
        cells = ((str(at + 1), "quiet"), (claim.claim_number or "new", ""), (its.patient if its else "", ""))
        rows.append(Row(str(at), [*cells, (claim.paid, "strong"), (odd, "bad")]))
    picklist(f"keyed_claims_{number}", CLAIMS, rows, now, on_pick=choose(key), height="48vh", keys=("", ""))
    return int(now)


def _add_claim(draft: DraftIn, number: int) -> None:
    draft.payments[number].claims.append(DraftClaim())
    st.session_state[f"keying_claim_{st.query_params.get(BATCH, '')}_{number}"] = str(
        len(draft.payments[number].claims) - 1
    )


def _claim(view: DraftView, number: int, at: int) -> None:
    given = view.draft.payments[number].claims[at]
    its = next((known for known in view.known if known.claim_number == given.claim_number.upper()), None)
    with st.container(border=True):
        name, kind, paid, reference, other = st.columns([2.4, 1.8, 1.4, 2, 2.4])
        _text(name, view, "Our claim number", "claim_number", given.claim_number, number, at)
        _choice(kind, view, "Answered", "status", STATUSES, given.status, number, at)
        _text(paid, view, "Paid on this claim", "paid", given.paid, number, at)
        _text(reference, view, "Payer's claim number", "payer_reference", given.payer_reference, number, at)
        _text(other, view, "Reasons for the whole claim", "other", given.other, number, at)
        _about(its, given)
        _lines(view, number, at)
        line, drop, _ = st.columns([2, 2, 6])
        line.button(
            "Another line", key="add_line", width="stretch", on_click=act,
            args=(_change(view, lambda draft: draft.payments[number].claims[at].lines.append(DraftLine())),),
        )  # fmt: skip
        drop.button(
            "Remove this claim", key="drop_claim", width="stretch", on_click=act,
            args=(_change(view, lambda draft: _drop(draft.payments[number].claims, at)),),
        )  # fmt: skip


def _about(its: KnownClaim | None, given: DraftClaim) -> None:
    if its is not None:
        strip(
            (its.patient, f"seen {its.service_date}", ""), (dollars(its.charge), f"billed to {its.payer}", ""),
            ("", f"claim {its.state}", ""),
        )  # fmt: skip
    elif given.claim_number:
        strip((given.claim_number, "is no claim of ours; it would wait in the unmatched queue", "bad"))


def _lines(view: DraftView, number: int, at: int) -> None:
    """The lines as fields in a row, each with what of it is neither paid nor explained."""
    given = view.draft.payments[number].claims[at].lines
    if not given:
        st.caption("Type our claim number and its lines come by themselves; or add a line.")
        return
    widths = [width for _, _, width in LINE] + [1.1, 0.6]
    for place, (_, label, _) in zip(st.columns(widths), LINE, strict=False):
        place.caption(label)
    for place, line in enumerate(given):
        columns = st.columns(widths, vertical_alignment="center")
        for column, (name, label, _) in zip(columns, LINE, strict=False):
            _text(column, view, f"{label}, line {place + 1}", name, getattr(line, name), number, at, place, hidden=True)
        left = view.lines_left[number][at][place]
        with columns[-2]:
            strip((f"{left} left", "", "bad") if left != "0.00" else ("", "agrees", ""))
        columns[-1].button(
            "×", key=f"drop_line_{place}", help="Remove this line", type="tertiary", on_click=act,
            args=(_change(view, partial(_drop_line, at=(number, at, place))),),
        )  # fmt: skip


def _drop_line(draft: DraftIn, at: tuple[int, int, int]) -> None:
    payment, claim, line = at
    _drop(draft.payments[payment].claims[claim].lines, line)
