"""The coder's screen: the worklist, the note with its evidence, the codes decided by one key each, the signature.

Every decision goes to the API at once, so a refresh loses nothing; the visit in hand is in the page's address. Keys:
those of the bench (`widgets/bench.py`), n next visit, p previous, s sign. (Streamlit keeps r and c for itself.)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import streamlit as st

from app_streamlit import client
from app_streamlit.widgets.bench import fresh, in_groups, show_bench
from app_streamlit.widgets.look import counted, dollars, said, strip
from app_streamlit.widgets.messages import hold, plain, show_findings, show_held
from app_streamlit.widgets.picklist import Row, picklist
from serving.schemas.coding import (
    DecisionIn,
    EncounterItem,
    EncounterView,
    ProcedureIn,
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
VISIT, SEEN, SIGNED, UNSURE, ORDER = "coder_visit", "coder_seen", "coder_signed", "coder_unsure", "coder_order"
WORKLIST_LENGTH = 200
LETTERS = "ABCDEFGHIJKL"


def show() -> None:
    """The page. Raises ApiProblem where nothing of it can be shown."""
    api = client.current()
    items = api.worklist(limit=WORKLIST_LENGTH)
    if not items:
        show_held()
        _show_signature()
        st.info("No visit waits for codes.")
        return
    encounter_id = _visit(items)
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
    show_bench(encounter, REASONS, int(st.session_state.get(SEEN, 0)), take_decisions)
    show_findings(encounter.findings)
    _sign_box(encounter, _after(items, encounter_id))


# --- the worklist ---


def _visit(items: Sequence[EncounterItem]) -> str:
    """The visit in hand: the one chosen, the one in the address, else the first."""
    known = [item.id for item in items]
    wanted = (st.session_state.get(VISIT), st.query_params.get("visit"), known[0])
    found = next(str(visit) for visit in wanted if visit in known)
    st.session_state[VISIT] = st.query_params["visit"] = found
    return found


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
    return f"{item.patient}\n{item.service_date} · {item.provider.partition(',')[0]}", ""


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
        _decide(str(entry["visit"]), entry["system"], entry["code"], entry["decision"], entry["reason"])
        st.session_state[SEEN] = int(entry["seq"])


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
    return "HCPCS" if re.fullmatch(r"[A-Z]\d{4}", code) else "ICD-10-CM"


def _add(encounter_id: str) -> None:
    code = str(st.session_state.get("add_code", "")).strip(" /").upper()
    if code and _decide(encounter_id, code_system(code), code, "add"):
        st.session_state["add_code"] = ""


# --- the signature ---


def _sign_box(encounter: EncounterView, following: str) -> None:
    """What the claim needs beside the codes, and the signature."""
    diagnoses, procedures = _kept(encounter)
    add, order, lines, numbers = st.columns([2, 4, 6, 4])
    add.text_input(
        "Add a code ( / )", key="add_code", max_chars=8, placeholder="E11.9, 99213", on_change=_add,
        args=(encounter.id,),
    )  # fmt: skip
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
        words = f"Sign without {_undecided(encounter)} undecided" if unsure else "Sign"
        st.button(
            words, shortcut="s", type="primary", width="stretch", on_click=_sign,
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
    return str(st.session_state.get(key, "")).upper().replace(",", " ").split()


def _lines(encounter_id: str, procedures: Sequence[str]) -> None:
    """Modifiers, units and the diagnoses each procedure is for, by their letters."""
    if not procedures:
        st.caption("Procedures: none accepted yet")
    for place, code in enumerate(procedures):
        shown: Literal["visible", "collapsed"] = "collapsed" if place else "visible"
        name, modifiers, units, pointers = st.columns([2, 3, 3, 3], vertical_alignment="bottom")
        name.markdown(f"**{plain(code)}**")
        modifiers.text_input(
            "Modifiers", key=_field(encounter_id, code, "modifiers"), placeholder="25 59", label_visibility=shown
        )
        units.number_input("Units", 1, 999, 1, key=_field(encounter_id, code, "units"), label_visibility=shown)
        pointers.text_input(
            "For diagnoses", key=_field(encounter_id, code, "pointers"), placeholder="A B, or all",
            label_visibility=shown,
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
            "modifiers": said(code, "modifiers").upper().replace(",", " ").split(),
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
    """Sign what is accepted and go on to the next visit. With codes undecided the key is asked for twice."""
    take_decisions()  # a key pressed just before counts
    try:
        encounter = client.current().encounter(encounter_id)
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


def _show_signature() -> None:
    """What the last signature led to, once."""
    signed = st.session_state.pop(SIGNED, None)
    if not isinstance(signed, SignatureView):
        return
    if signed.claim_number:
        charges = f"{counted(signed.charges, 'charge')}, {dollars(signed.total)}"
        said(f"Signed: claim {signed.claim_number} is {signed.claim_state}; {charges}.")
    elif signed.charges:
        charges = f"{counted(signed.charges, 'charge')}, {dollars(signed.total)}"
        said(f"Signed: {charges}, no claim; the visit is {signed.status}.")
    else:
        said("Not signed.", "bad")
    show_findings(signed.findings)
