"""The contracts: every clause in words, the worked claims that prove it cent by cent, and the check of a new file.

Keys: down and up go through the contracts, j and k through the worked claims.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app_streamlit import client
from app_streamlit.widgets.acting import J_K, Done, act, pick, show_done
from app_streamlit.widgets.look import counted, said, strip
from app_streamlit.widgets.messages import plain, show_findings
from app_streamlit.widgets.picklist import Cell, Row, show_table
from serving.schemas.contracts import ClauseView, ContractItem, ContractView, VectorView

CHOSEN = "contract"
CLAUSES, VECTORS, CHECK = "Clauses", "Vectors", "Check a file"
COLUMNS = (("Payer", ""), ("Contract", ""), ("From", ""), ("To", ""), ("Clauses", "number"), ("Vectors", "number"))
CLAUSE_COLUMNS = (("Clause", "code"), ("In words", "lines"))
VECTOR_COLUMNS = (("", ""), ("Worked claim", "long"), ("Source", "long"))
SHOWN = 400  # clauses: a fee schedule has thousands, and nobody reads them all at once


def show() -> None:
    """The page. Raises ApiProblem where nothing of it can be shown."""
    api = client.current()
    show_done()
    found = api.contracts()
    strip((str(len(found)), "contracts, one row for each payer and first day", ""))
    if found:
        rows = [Row(f"{item.payer_id}|{item.effective}", _cells(item)) for item in found]
        item = found[pick(CHOSEN, "contracts", COLUMNS, rows, height="28vh")]
    else:
        st.info("No contract is in force yet. Check a file below; a manager puts it in force.")
    parts = [CLAUSES, VECTORS, CHECK] if found else [CHECK]
    part = st.segmented_control("Part", parts, default=parts[0], required=True, label_visibility="collapsed")
    if part == CHECK or not found:
        _check(api)
        return
    shown = api.contract(item.payer_id, item.effective)
    if part == CLAUSES:
        _clauses(shown)
    else:
        _vectors("contract_vectors", shown.vectors)


# --- one contract ---


def _cells(item: ContractItem) -> tuple[Cell, ...]:
    return (
        (item.payer, "strong"),
        (item.name, ""),
        (item.effective, ""),
        (item.terminated or "open", "quiet"),
        (f"{item.clauses:,}", ""),
        (str(item.vectors) if item.vectors else "none", "" if item.vectors else "warn"),
    )


def _clauses(contract: ContractView) -> None:
    finding, facts = st.columns([1, 2], vertical_alignment="bottom")
    find = finding.text_input("Find a code or a word", key="clause_find", max_chars=40).strip().lower()
    found = [each for each in contract.clauses if find in f"{each.clause} {each.words}".lower()]
    more = f"; the first {SHOWN} are shown, find to see others" if len(found) > SHOWN else ""
    with facts:
        strip((counted(len(found), "clause"), f"of {contract.name or contract.payer}{more}", ""))
    show_table("clauses", CLAUSE_COLUMNS, [_clause(each) for each in found[:SHOWN]], height="50vh")


def _clause(each: ClauseView) -> Row:
    return Row(each.clause, ((each.clause, "quiet"), (each.words, "")))


# --- worked claims ---


def _vectors(key: str, vectors: Sequence[VectorView]) -> None:
    """The worked claims, those that fail first, and for the one chosen every cent."""
    if not vectors:
        st.info("This contract has no worked claim that proves it. Add [[vectors]] to its file.")
        return
    ranked = sorted(vectors, key=lambda each: each.holds)
    failing = sum(not each.holds for each in vectors)
    published = sum(each.published for each in vectors)
    strip(
        (counted(len(vectors), "worked claim"), f"{published} of them from published examples", ""),
        (str(failing), "fail", "bad" if failing else ""),
    )
    left, right = st.columns(2)
    with left:
        rows = [Row(str(place), _vector(each)) for place, each in enumerate(ranked)]
        place = pick(f"{key}_chosen", key, VECTOR_COLUMNS, rows, height="50vh", keys=J_K)
    with right:
        _explained(key, ranked[place])


def _vector(each: VectorView) -> tuple[Cell, ...]:
    verdict = ("holds", "good") if each.holds else ("fails", "bad")
    return verdict, (each.name, ""), (each.source, "" if each.published else "quiet")


def _explained(key: str, vector: VectorView) -> None:
    """Each line's reckoning, and where it differs from what the file expects."""
    strip(("Holds" if vector.holds else "Fails", vector.name, "" if vector.holds else "bad"))
    st.caption(plain(f"Source: {vector.source}"))
    for words in vector.differences:
        said(words, "bad")
    rows = [Row(str(place), ((words.replace("; ", "\n"), ""),)) for place, words in enumerate(vector.reasons)]
    show_table(f"{key}_why", (("Every cent", "lines"),), rows)


# --- a new file ---


def _check(api: client.Client) -> None:
    """What is wrong with a file, with field, line and mend. A manager may put a sound one in force."""
    given = st.file_uploader("Contract file (TOML); it is checked, and nothing is kept", type=["toml"])
    if given is None:
        return
    try:
        text = given.getvalue().decode("utf-8")
    except UnicodeDecodeError as error:
        raise client.ApiProblem(
            f"The file is not UTF-8 text (byte {error.start}).", "Save it as UTF-8 and choose it again."
        ) from None
    checked = api.check_contract(text)
    if checked.sound:
        said(f"Sound: nothing is wrong, and {counted(len(checked.vectors), 'worked claim')} come out to the cent.")
        if "manager" in api.me().roles:
            st.button("Put it in force", type="primary", on_click=act, args=(lambda: _save(text),))
        else:
            st.caption("A manager puts it in force.")
    elif checked.findings:
        said(f"Not sound: {counted(len(checked.findings), 'fault')} to mend.", "bad")
    else:
        failing = sum(not each.holds for each in checked.vectors)
        said(f"Not sound: {counted(failing, 'worked claim')} not to the cent.", "bad")
    show_findings(checked.findings)
    if checked.vectors:
        _vectors("checked_vectors", checked.vectors)


def _save(text: str) -> Done:
    if client.current().save_contract(text).saved:
        return Done("The contract is in force.")
    return Done("The contract was not saved.", "bad")
