"""The two short lists that are crossed into terms: every code exists, and says what the code set says."""

import gzip
import re
from collections.abc import Iterator
from importlib import resources
from xml.etree import ElementTree

import pytest

from models.coding.candidates import Source
from tests.real_data import SHARED, needs
from training.coding import tabular_list
from training.crossed_terms import BEHAVIOURS, crossed_phrases, crossed_terms, rows_of

CONDITIONS, NEOPLASMS = (
    resources.files("models.coding").joinpath(name).read_text(encoding="utf-8")
    for name in ("conditions_by_site.tsv", "neoplasms.tsv")
)
TABLE = "codesets/icd10cm-neoplasm-April-1-2026.xml.gz"


def test_what_and_where_are_crossed_in_both_orders() -> None:
    found = dict(crossed_phrases("N28.89\tmass; lump\tkidney\n", ""))
    assert found == dict.fromkeys(("kidney mass", "mass kidney", "kidney lump", "lump kidney"), "N28.89")


def test_a_neoplasm_takes_the_code_of_its_behaviour_and_none_where_the_table_has_none() -> None:
    found = dict(crossed_phrases("", "lymph node\t-\tC77.9\t-\t-\t-\t-\n"))
    assert found["metastasis lymph node"] == "C77.9"
    assert "lymph node cancer" not in found


def test_a_phrase_of_the_lexicon_is_left_to_the_lexicon() -> None:
    terms = crossed_terms("N28.89\tmass; lump\tkidney\n", "", {}, frozenset({"kidney mass"}))
    assert {t.words for t in terms} == {"mass kidney", "kidney lump", "lump kidney"}
    assert {t.source for t in terms} == {Source.LEXICON}


def test_every_code_is_in_the_tabular_list() -> None:
    stems = {row.code for row in tabular_list()[0]}
    missing = {code for _, code in crossed_phrases(CONDITIONS, NEOPLASMS) if re.sub(r"X*[AD]$", "", code) not in stems}
    assert {code for code in missing if code.rstrip("AX").rstrip(".") not in stems} == set()


def test_every_row_of_the_neoplasms_has_all_behaviours() -> None:
    assert {len(row) for row in rows_of(NEOPLASMS)} == {1 + len(BEHAVIOURS)}


def _official() -> Iterator[tuple[str, list[str]]]:
    """(site, codes by column) of the code set's own table, first and second level."""
    root = ElementTree.fromstring(gzip.decompress((SHARED / TABLE).read_bytes()))
    for main in root.iter("mainTerm"):
        for term in main.findall("term"):
            cells = {cell.get("col"): (cell.text or "").strip("-").rstrip(".") for cell in term.findall("cell")}
            title = term.find("title")
            name = (title.text or "") if title is not None else ""
            yield name.split(",")[0].strip().lower(), [cells.get(str(column), "") for column in range(2, 8)]


@pytest.mark.real_data
@needs(TABLE)
def test_the_neoplasms_agree_with_the_table_of_neoplasms_where_both_name_the_site() -> None:
    official = dict(_official())
    rows = {sites.split(";")[0].strip(): codes for sites, *codes in rows_of(NEOPLASMS)}
    both = sorted(set(rows) & set(official) - {"brain", "biliary"})  # the lists divide these two otherwise
    wrong = [
        (site, ours, theirs)
        for site in both
        for ours, theirs in zip(rows[site], official[site], strict=True)
        if ours != "-" and theirs and not (ours.startswith(theirs) or theirs.startswith(ours))
    ]
    assert len(both) > 50
    assert wrong == []
