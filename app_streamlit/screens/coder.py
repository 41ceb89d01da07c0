"""The coder's screen: the note and its evidence on the left, the codes on the right, one key for each decision.

Every decision goes to the API at once, so a refresh loses nothing. Keys: a accept, x reject and then 1 to 8 for the
reason, n next, p previous, u undo, s sign. (Streamlit keeps r for itself, so reject is x.)
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app_streamlit import client
from app_streamlit.widgets.evidence import show_note
from app_streamlit.widgets.messages import hold, plain, show_findings, show_held
from serving.schemas.coding import (
    DecisionIn,
    EncounterItem,
    EncounterView,
    ProcedureIn,
    SignatureIn,
    SignatureView,
    SuggestionView,
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
DECIDED = {"accept": "accepted", "reject": "rejected", "add": "added", "": "to decide"}
CHOSEN, POSITION, REJECTING, MADE, SIGNED = (
    "coder_encounter",
    "coder_position",
    "coder_rejecting",
    "coder_made",
    "coder_signed",
)


def show() -> None:
    """The page. Raises ApiProblem where nothing of it can be shown."""
    api = client.current()
    show_held()
    _show_signature()
    items = api.worklist()
    if not items:
        st.info("No visit waits for codes.")
        return
    encounter_id = _choose(items)
    encounter = api.encounter(encounter_id)
    if not encounter.suggestions and not encounter.abstained and _ask_once(encounter_id):
        api.suggest(encounter_id)
        encounter = api.encounter(encounter_id)
    _banner(encounter)
    position = _position(encounter.suggestions)
    note, codes = st.columns([3, 2])
    with note:
        show_note(encounter.note, encounter.suggestions, position)
    with codes:
        if encounter.abstained:
            st.warning(plain(f"The model abstains: {encounter.abstain_reason}. Code this visit by hand."))
        _keys(encounter, position)
        _codes(encounter.suggestions, position)
        _add_box(encounter)
        show_findings(encounter.findings)
        _sign_box(encounter)


def _choose(items: Sequence[EncounterItem]) -> str:
    """The visit in hand; a change of visit starts at its first undecided code."""
    by_id = {item.id: item for item in items}
    if st.session_state.get(CHOSEN) not in by_id:
        st.session_state[CHOSEN] = items[0].id
        _start_over()

    def line(encounter_id: str) -> str:
        item = by_id[encounter_id]
        return f"{item.service_date}  {item.patient}  {item.provider}  {item.decided}/{item.suggested} decided"

    chosen = st.selectbox("Worklist", list(by_id), format_func=line, key=CHOSEN, on_change=_start_over)
    return str(chosen)


def _start_over() -> None:
    for key in (POSITION, REJECTING, MADE):
        st.session_state.pop(key, None)


def _ask_once(encounter_id: str) -> bool:
    """Whether the model was not yet asked about this visit in this session: a visit may truly have no suggestion."""
    asked = st.session_state.setdefault("coder_asked", set())
    if encounter_id in asked:
        return False
    asked.add(encounter_id)
    return True


def _banner(encounter: EncounterView) -> None:
    words = (
        encounter.patient,
        f"born {encounter.birth_date}",
        encounter.sex,
        f"seen {encounter.service_date}",
        f"{encounter.provider} ({encounter.specialty})",
        encounter.payer,
        encounter.status,
    )
    with st.container(border=True):
        st.markdown(" · ".join(plain(word) for word in words if word))


def _position(suggestions: Sequence[SuggestionView]) -> int:
    """The current suggestion: the one the coder went to, else the first without a decision."""
    first_open = next((number for number, item in enumerate(suggestions) if not item.decision), 0)
    position = int(st.session_state.setdefault(POSITION, first_open))
    return max(0, min(position, len(suggestions) - 1))


def _decide(encounter_id: str, decision: DecisionIn, position: int) -> None:
    """Record one decision and go to `position`; on a problem stay, and show it."""
    try:
        client.current().decide(encounter_id, decision)
    except client.ApiProblem as problem:
        hold(problem)
        return
    made = st.session_state.setdefault(MADE, [])
    if decision.decision == "undo":
        made[:] = [one for one in made if one != (decision.system, decision.code)]
    else:
        made.append((decision.system, decision.code))
    st.session_state[POSITION] = position
    st.session_state[REJECTING] = False


def _go(position: int) -> None:
    st.session_state[POSITION] = position
    st.session_state[REJECTING] = False


def _set_rejecting(on: bool) -> None:
    st.session_state[REJECTING] = on


def _decision(suggestion: SuggestionView, decision: str, reason: str = "") -> DecisionIn:
    return DecisionIn.model_validate(
        {"system": suggestion.system, "code": suggestion.code, "decision": decision, "reason": reason}
    )


def _undo(encounter_id: str, suggestions: Sequence[SuggestionView], position: int) -> None:
    """Take back the last decision of this session, or the current code's when there is none."""
    made = st.session_state.get(MADE) or []
    places = {(item.system, item.code): number for number, item in enumerate(suggestions) if item.decision}
    last = next((places[one] for one in reversed(made) if one in places), position)
    if suggestions[last].decision:
        _decide(encounter_id, _decision(suggestions[last], "undo"), last)


def _keys(encounter: EncounterView, position: int) -> None:
    """The buttons and their keys."""
    suggestions = encounter.suggestions
    if not suggestions:
        st.info("No code is suggested. Add codes below.")
        return
    current, after = suggestions[position], min(position + 1, len(suggestions) - 1)
    accept, reject, onward, back, undo = st.columns(5)
    accept.button(
        "Accept",
        shortcut="a",
        type="primary",
        on_click=_decide,
        args=(encounter.id, _decision(current, "accept"), after),
    )
    reject.button("Reject", shortcut="x", on_click=_set_rejecting, args=(True,))
    onward.button("Next", shortcut="n", on_click=_go, args=(after,))
    back.button("Previous", shortcut="p", on_click=_go, args=(max(0, position - 1),))
    undo.button("Undo", shortcut="u", on_click=_undo, args=(encounter.id, suggestions, position))
    if st.session_state.get(REJECTING):
        st.markdown(f"Why is **{plain(current.code)}** rejected?")
        for number, (reason, words) in enumerate(REASONS.items(), start=1):
            st.button(
                words,
                key=f"reject_{reason}",
                shortcut=str(number),
                on_click=_decide,
                args=(encounter.id, _decision(current, "reject", reason), after),
            )
        st.button("Keep it open", shortcut="Esc", on_click=_set_rejecting, args=(False,))


def _codes(suggestions: Sequence[SuggestionView], position: int) -> None:
    """The codes; the current one with its score, rule and counter-evidence."""
    for number, item in enumerate(suggestions):
        state = DECIDED.get(item.decision, item.decision)
        if item.reason:
            state = f"{state}: {REASONS.get(item.reason, item.reason)}"
        with st.container(border=number == position):
            code = f"**{plain(item.code)}**" if number == position else plain(item.code)
            st.markdown(f"{code} {plain(item.title)} · {plain(state)}")
            if number != position:
                continue
            st.caption(plain(f"{item.system}, score {item.score / 10:.1f}%, {item.rule}"))
            for against in item.counter:
                st.caption(f":red[Against: {plain(against.why)}]")


def _add_box(encounter: EncounterView) -> None:
    with st.form("add_code", clear_on_submit=True, border=True):
        system = st.selectbox("Add a code", ("ICD-10-CM", "CPT", "HCPCS"))
        code = st.text_input("Code", max_chars=8)
        if not st.form_submit_button("Add"):
            return
    try:
        decision = DecisionIn.model_validate({"system": system, "code": code.strip().upper(), "decision": "add"})
    except ValueError:
        st.error("That is no code. Give 3 to 8 letters, digits or a point, such as E11.9 or 99213.")
        return
    _decide(encounter.id, decision, int(st.session_state.get(POSITION, 0)))
    st.rerun()


def _sign_box(encounter: EncounterView) -> None:
    """What the claim needs beside the codes, and the signature."""
    kept = [item for item in encounter.suggestions if item.decision in {"accept", "add"}]
    procedures = [item.code for item in kept if item.system != "ICD-10-CM"]
    with st.expander("Modifiers, units, referral, authorization"):
        for code in procedures:
            modifiers, units = st.columns(2)
            modifiers.text_input(f"{code} modifiers", key=_field(encounter, code, "modifiers"), placeholder="25 59")
            units.number_input(f"{code} units", 1, 999, 1, key=_field(encounter, code, "units"))
        st.text_input("Referral number", max_chars=50, key=_field(encounter, "", "referral"))
        st.text_input("Authorization number", max_chars=50, key=_field(encounter, "", "authorization"))
    undecided = sum(not item.decision for item in encounter.suggestions)
    if undecided:
        st.caption(f"{undecided} suggested codes have no decision yet.")
    st.button("Sign", shortcut="s", type="primary", on_click=_sign, args=(encounter, procedures))


def _field(encounter: EncounterView, code: str, name: str) -> str:
    return f"sign_{encounter.id}_{code}_{name}"


def _sign(encounter: EncounterView, procedures: Sequence[str]) -> None:
    """Sign. Procedures go by name only where the coder gave a modifier or units; else the API takes those accepted."""
    lines = [
        {
            "code": code,
            "modifiers": str(st.session_state.get(_field(encounter, code, "modifiers"), "")).upper().split(),
            "units": int(st.session_state.get(_field(encounter, code, "units"), 1)),
        }
        for code in procedures
    ]
    told = any(line["modifiers"] or line["units"] != 1 for line in lines)
    try:
        signature = SignatureIn(
            procedures=[ProcedureIn.model_validate(line) for line in lines] if told else [],
            referral=str(st.session_state.get(_field(encounter, "", "referral"), "")).strip(),
            authorization_number=str(st.session_state.get(_field(encounter, "", "authorization"), "")).strip(),
        )
        st.session_state[SIGNED] = client.current().sign(encounter.id, signature)
    except client.ApiProblem as problem:
        hold(problem)
    except ValueError:
        hold(client.ApiProblem("The modifiers or units cannot be signed.", "Give at most four modifiers to a line."))


def _show_signature() -> None:
    """What the last signature led to, once."""
    signed = st.session_state.pop(SIGNED, None)
    if not isinstance(signed, SignatureView):
        return
    if signed.claim_number:
        words = f"Claim {signed.claim_number} ({signed.claim_state}): {signed.charges} charges, {signed.total}."
        st.success(plain(words))
    else:
        st.info(plain(f"No claim was made; the visit is {signed.status}, {signed.charges} charges, {signed.total}."))
    show_findings(signed.findings)
