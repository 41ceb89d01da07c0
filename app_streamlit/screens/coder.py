"""The coder's screen: the worklist, the note with its evidence, the codes decided by one key each, queries to the
note's author, and the signature, or the reason why there is nothing to sign.

Every decision goes to the API at once, so a refresh loses nothing; the visit in hand is in the page's address. Keys:
those of the bench (`widgets/bench.py`), n next visit, p previous. (Streamlit keeps r and c for itself.)
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app_streamlit import client
from app_streamlit.widgets.acting import in_hand
from app_streamlit.widgets.bench import fresh, in_groups, show_bench
from app_streamlit.widgets.look import counted, dollars, said, strip, typed_codes
from app_streamlit.widgets.messages import hold, plain, show_findings, show_held, told
from app_streamlit.widgets.picklist import Row, picklist
from serving.schemas.coding import (
    AnswerIn,
    CloseIn,
    DecisionIn,
    EncounterItem,
    EncounterView,
    ProcedureIn,
    QueryIn,
    QueryView,
    SignatureIn,
    SignatureView,
)

REASONS = {
    "negated": "negated",
    "history": "history only",
    "not_supported": "not supported by the note",
    "wrong_specificity": "wrong specificity",
    "wrong_side": "wrong side",
    "incidental": "incidental",
    "integral_symptom": "symptom integral to a diagnosis",
    "duplicate": "duplicate",
}
CLOSINGS = {
    "global_period": "in the global period of an earlier procedure",
    "no_charge": "no charge, as the practice decided",
    "not_billable": "no billable service",
    "not_seen": "the patient was not seen",
    "duplicate_visit": "another record of the visit is billed",
    "not_documented": "the note documents no service",
}
VISIT, SEEN, SIGNED, UNSURE, ORDER = "coder_visit", "coder_seen", "coder_signed", "coder_unsure", "coder_order"
FOLLOWING, SAID = "coder_following", "coder_said"
OTHER = "Other (please specify)"  # the option that asks for words
WORKLIST_LENGTH = 200
LIKELY = 50  # per cent of risk from which its reasons are shown
LETTERS = "ABCDEFGHIJKL"
LINE = (2, 3, 3, 3)  # shares of a procedure's line


def show() -> None:
    """The page. Raises ApiProblem where nothing of it can be shown."""
    api = client.current()
    items = api.worklist(limit=WORKLIST_LENGTH)
    if not items:
        show_held()
        _show_signature()
        st.info("No visit waits for codes.")
        return
    take_decisions()  # a key whose callback another key cut short
    encounter_id = in_hand(VISIT, "visit", [item.id for item in items])
    following = _after(items, encounter_id)
    with st.sidebar:
        _worklist(items, encounter_id)
    encounter = api.encounter(encounter_id)
    if not encounter.suggestions and not encounter.abstained and _ask_once(encounter_id):
        api.suggest(encounter_id)
        encounter = api.encounter(encounter_id)
    _banner(encounter)
    show_held()
    _show_signature()
    if encounter.abstained:
        st.warning(plain(f"The model abstains: {encounter.abstain_reason}. Code this visit by hand."))
    st.session_state[FOLLOWING] = following
    waiting = api.queries()
    show_bench(encounter, REASONS, CLOSINGS, int(st.session_state.get(SEEN, 0)), take_decisions)
    _show_queries(encounter, waiting)
    show_findings(encounter.findings)
    _sign_box(encounter, following)


# --- the worklist ---


def _after(items: Sequence[EncounterItem], encounter_id: str) -> str:
    """The visit that follows in the worklist, or the first when it was the last."""
    known = [item.id for item in items]
    return known[(known.index(encounter_id) + 1) % len(known)]


def _worklist(items: Sequence[EncounterItem], chosen: str) -> None:
    more = "+" if len(items) == WORKLIST_LENGTH else ""
    begun = sum(item.decided > 0 for item in items)
    strip((f"{len(items)}{more}", "visits to code", ""), (str(begun), "begun", ""))
    rows = [Row(item.id, (_named(item), _progress(item))) for item in items]
    picklist("worklist", (("", "lines"), ("", "number")), rows, chosen, on_pick=_go, height="calc(100vh - 6.2rem)")


def _named(item: EncounterItem) -> tuple[str, str]:
    asked = {"open": " · asked", "answered": " · answered"}.get(item.query, "")
    return f"{item.patient}\n{item.service_date} · {item.provider.partition(',')[0]}{asked}", ""


def _progress(item: EncounterItem) -> tuple[str, str]:
    tone = "good" if item.suggested and item.decided >= item.suggested else "quiet"
    return f"{item.decided}/{max(item.suggested, item.decided)}", tone


def _go(encounter_id: str) -> None:
    st.session_state[VISIT] = encounter_id
    st.session_state.pop(UNSURE, None)


def _ask_once(encounter_id: str) -> bool:
    """Whether the model was not yet asked about this visit in this session: a visit may truly have no suggestion."""
    asked = st.session_state.setdefault("coder_asked", set())
    if encounter_id in asked:
        return False
    asked.add(encounter_id)
    return True


def _banner(encounter: EncounterView) -> None:
    strip(
        (encounter.patient, f"{encounter.sex}, born {encounter.birth_date}", ""),
        ("", f"seen {encounter.service_date}", ""),
        ("", f"{encounter.provider} ({encounter.specialty})", ""),
        ("", encounter.payer, ""),
        ("", encounter.status, ""),
    )


# --- decisions ---


def take_decisions() -> None:
    """Send what the coder decided to the API, in order. At a problem the rest is dropped and the page shows the API's
    own state, so that what is on the screen is what is kept.

    An entry counts as seen only after it was sent: Streamlit may break off here at any touch of its session state when
    the next key arrives. What was sent and not yet counted is sent again, which changes nothing.
    """
    for entry in fresh(int(st.session_state.get(SEEN, 0))):
        _take(str(entry["visit"]), entry)
        st.session_state[SEEN] = int(entry["seq"])


def _take(encounter_id: str, entry: Mapping[str, Any]) -> None:
    """One entry of the bench: a word on a code, a query or its answer, or the end of the visit without a charge."""
    decision, code, reason = entry["decision"], entry["code"], entry["reason"]
    api = client.current()
    try:
        if decision == "ask":
            api.ask(encounter_id, QueryIn(code=code))
        elif decision in ("answer", "withdraw"):
            for query in api.encounter(encounter_id).queries:
                if query.code == code and query.state == "open":
                    _close_query(api, query.id, decision, reason)
        elif decision == "close":
            api.close_visit(encounter_id, CloseIn(reason=reason))
            said_later(f"Closed without a charge: {CLOSINGS[reason]}.")
            st.session_state[VISIT] = st.session_state.get(FOLLOWING)
        elif decision == "sign":
            _sign_now(encounter_id, str(st.session_state.get(FOLLOWING)))
        else:
            _decide(encounter_id, code_system(code), code, decision, reason)
    except client.ApiProblem as problem:
        hold(problem)


def _close_query(api: client.Client, query_id: str, decision: str, option: str) -> None:
    if decision == "withdraw":
        api.end_query(query_id, "withdraw")
    else:
        api.answer(query_id, AnswerIn(option=option))


def said_later(words: str) -> None:
    """Say it when the page is drawn."""
    st.session_state[SAID] = words


# --- queries to the note's author ---


def _show_queries(encounter: EncounterView, waiting: Sequence[QueryView]) -> None:
    """A field for an answer in the author's own words while a query stands on this visit; and the answered queries of
    visits that are signed, whose claims wait for the coder.
    """
    standing = [query for query in encounter.queries if query.state == "open"]
    if standing:
        st.text_input(
            "The author's own words (answer other)", key="query_words", max_chars=1000, on_change=_answer_other,
            args=(standing[0].id,), help=standing[0].question,
        )  # fmt: skip
    for query in waiting:
        if query.state == "answered" and query.encounter_id != encounter.id:
            words, settle = st.columns([8, 1], vertical_alignment="center")
            with words:
                told = f"{query.question} {query.words or query.answer} (entered by {query.recorded_by})"
                strip((query.patient, f"seen {query.service_date}: {told}", ""))
            settle.button("Settle", key=f"settle_{query.id}", on_click=_settle, args=(query.id,))


def _answer_other(query_id: str) -> None:
    words = str(st.session_state.get("query_words", "")).strip()
    if not words:
        return
    try:
        client.current().answer(query_id, AnswerIn(option=OTHER, words=words))
        st.session_state["query_words"] = ""
    except client.ApiProblem as problem:
        hold(problem)


def _settle(query_id: str) -> None:
    try:
        client.current().end_query(query_id, "settle")
    except client.ApiProblem as problem:
        hold(problem)


def _decide(encounter_id: str, system: str, code: str, decision: str, reason: str = "") -> bool:
    """Send one decision; a problem is kept to be shown. Returns whether it was taken."""
    st.session_state.pop(UNSURE, None)
    said = {"system": system, "code": code, "decision": decision, "reason": reason}
    try:
        client.current().decide(encounter_id, DecisionIn.model_validate(said))
        return True
    except client.ApiProblem as problem:
        hold(problem)
    except ValueError:
        hold(client.ApiProblem("That is no code.", "Give 3 to 8 letters, digits or a point, such as E11.9 or 99213."))
    return False


def code_system(code: str) -> str:
    """Which code set a typed code is of: five figures CPT, a letter and four figures HCPCS, else ICD-10-CM."""
    if re.fullmatch(r"\d{4}[0-9A-Z]", code):
        return "CPT"
    return "HCPCS" if re.fullmatch(r"[A-EGHJ-MP-TV]\d{4}", code) else "ICD-10-CM"


# --- the signature ---


def _sign_box(encounter: EncounterView, following: str) -> None:
    """What the claim needs beside the codes, and the signature."""
    diagnoses, procedures = _kept(encounter)
    order, lines, numbers = st.columns([4, 7, 4])
    with order:
        key = _order(encounter.id, diagnoses)
        st.text_input(
            "Diagnoses, first-listed first", key=key, placeholder="accept a diagnosis", disabled=not diagnoses
        )
        st.caption("  ".join(f"{LETTERS[place]} {plain(code)}" for place, code in enumerate(_codes(key)[:12])))
    with lines:
        _lines(encounter.id, procedures)
    with numbers:
        referral, authorization = st.columns(2)
        referral.text_input("Referral", max_chars=50, key=_field(encounter.id, "", "referral"))
        authorization.text_input("Authorization", max_chars=50, key=_field(encounter.id, "", "authorization"))
        unsure = st.session_state.get(UNSURE) == encounter.id
        words = f"Sign without {_undecided(encounter)} undecided" if unsure else "Sign ( s )"
        st.button(
            words, type="primary", width="stretch", on_click=_sign,
            args=(encounter.id, following),
        )  # fmt: skip


def _kept(encounter: EncounterView) -> tuple[list[str], list[str]]:
    """The diagnoses and the procedures that the coder accepted or added."""
    kept = [item for item in in_groups(encounter.suggestions) if item.decision in {"accept", "add"}]
    diagnoses = [item.code for item in kept if item.system == "ICD-10-CM"]
    return diagnoses, [item.code for item in kept if item.system != "ICD-10-CM"]


def _undecided(encounter: EncounterView) -> int:
    return sum(not item.decision for item in encounter.suggestions)


def _order(encounter_id: str, diagnoses: Sequence[str]) -> str:
    """The key of the field that holds the order; codes accepted since come last, codes taken back go."""
    key = _field(encounter_id, "", "diagnoses")
    if st.session_state.get(key + ORDER) != list(diagnoses):
        before = _codes(key)
        kept = [code for code in before if code in diagnoses]
        st.session_state[key] = " ".join(kept + [code for code in diagnoses if code not in kept])
        st.session_state[key + ORDER] = list(diagnoses)
    return key


def _codes(key: str) -> list[str]:
    return typed_codes(str(st.session_state.get(key, "")))


def _lines(encounter_id: str, procedures: Sequence[str]) -> None:
    """Modifiers, units and the diagnoses each procedure is for, by their letters."""
    if not procedures:
        st.caption("Procedures: none accepted yet")
        return
    for column, words in zip(st.columns(LINE), ("", "Modifiers ( m )", "Units", "For diagnoses"), strict=True):
        column.caption(words)
    for code in procedures:
        name, modifiers, units, pointers = st.columns(LINE, vertical_alignment="bottom")
        name.markdown(f"**{plain(code)}**")
        modifiers.text_input(
            f"Modifiers of {code}", key=_field(encounter_id, code, "modifiers"), placeholder="25 59",
            label_visibility="collapsed",
        )  # fmt: skip
        units.number_input(
            f"Units of {code}", 1, 999, 1, key=_field(encounter_id, code, "units"), label_visibility="collapsed"
        )
        pointers.text_input(
            f"For diagnoses, {code}", key=_field(encounter_id, code, "pointers"), placeholder="A B, or all",
            label_visibility="collapsed",
        )  # fmt: skip


def _field(encounter_id: str, code: str, name: str) -> str:
    return f"sign_{encounter_id}_{code}_{name}"


def pointers_of(text: str) -> list[int]:
    """Letters or numbers of diagnoses as numbers from 1. Raises ValueError for anything else."""
    marks = re.findall(r"[A-L]|\d+|[^\s,]", text.upper())
    return [LETTERS.index(mark) + 1 if mark in LETTERS else int(mark) for mark in marks]


def _signature(encounter: EncounterView) -> SignatureIn:
    """What the coder signs. Raises ValueError where it cannot be read."""
    encounter_id, (diagnoses, procedures) = encounter.id, _kept(encounter)

    def said(code: str, name: str) -> str:
        return str(st.session_state.get(_field(encounter_id, code, name), "")).strip()

    lines = [
        {
            "code": code,
            "modifiers": typed_codes(said(code, "modifiers")),
            "units": int(said(code, "units") or 1),
            "pointers": pointers_of(said(code, "pointers")),
        }
        for code in procedures
    ]
    return SignatureIn(
        diagnoses=_codes(_order(encounter_id, diagnoses)),
        procedures=[ProcedureIn.model_validate(line) for line in lines],
        referral=said("", "referral"),
        authorization_number=said("", "authorization"),
    )


def _sign(encounter_id: str, following: str) -> None:
    """The button: the keys pressed before it come first."""
    take_decisions()
    _sign_now(encounter_id, following)


def _sign_now(encounter_id: str, following: str) -> None:
    """Sign what is accepted and go on to the next visit. With codes undecided the key is asked for twice."""
    try:
        encounter = client.current().encounter(encounter_id)
        if encounter.status not in ("open", "coded"):
            return  # a key that was sent again: it is signed
        if _undecided(encounter) and st.session_state.get(UNSURE) != encounter_id:
            st.session_state[UNSURE] = encounter_id
            return
        st.session_state.pop(UNSURE, None)
        signed = client.current().sign(encounter_id, _signature(encounter))
    except client.ApiProblem as problem:
        hold(problem)
        return
    except ValueError:
        hold(
            client.ApiProblem(
                "The signature cannot be read.",
                "Give at most 12 diagnoses, four modifiers to a line, and for diagnoses their letters, such as A B.",
            )
        )
        return
    st.session_state[SIGNED] = signed
    if signed.charges:
        st.session_state[VISIT] = following


def _show_risk(signed: SignatureView) -> None:
    """What the model says of the claim just built. It advises; it has entered nothing."""
    if signed.risk is None:
        return
    why = signed.risk_reasons[:2] if signed.risk >= LIKELY else []
    strip(
        (f"{signed.risk}%", "risk of denial, by the model", "bad" if signed.risk >= LIKELY else ""),
        *(("", words, "") for words in (*signed.what_if, *why)),
    )


def _show_signature() -> None:
    """What the last signature led to, once."""
    if words := st.session_state.pop(SAID, ""):
        said(str(words))
    signed = st.session_state.pop(SIGNED, None)
    if not isinstance(signed, SignatureView):
        return
    if signed.claim_number:
        charges = f"{counted(signed.charges, 'charge')}, {dollars(signed.total)}"
        said(f"Signed: claim {signed.claim_number} is {signed.claim_state}; {charges}.{_why_held(signed)}")
        _show_risk(signed)
    elif signed.charges:
        charges = f"{counted(signed.charges, 'charge')}, {dollars(signed.total)}"
        said(f"Signed: {charges}, no claim; the visit is {signed.status}.")
    else:
        said("Not signed.", "bad")
        show_findings(signed.findings)


def _why_held(signed: SignatureView) -> str:
    """The gravest finding in the same line: the next visit is on the screen already, and must not be pushed about."""
    errors = [each for each in signed.findings if each.severity == "error"]
    more = f" ({len(errors) - 1} more)" if len(errors) > 1 else ""
    return f" {told(errors[0].message)}{more}" if errors else ""
