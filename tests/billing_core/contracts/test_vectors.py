"""Every vector of every contract file, to the cent: dropping a .toml file into one of the two folders adds its tests.

The expected amounts were written before the engine; the published ones are somebody else's.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from billing_core.codesets.tables import Tables
from billing_core.contract import Contract
from billing_core.contract_check import check_vectors, run_vector
from billing_core.contract_file import read
from billing_core.contract_vector import Expected, Vector
from billing_core.money import amount_text
from billing_core.record import from_plain, to_plain
from billing_core.remittance import Remittance, imbalances

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted([*Path(__file__).parent.glob("*.toml"), *(ROOT / "data" / "synthetic" / "contracts").glob("*.toml")])


def contract(path: Path) -> Contract:
    found = read(path.read_bytes())
    assert found.contract is not None, found.findings
    return found.contract


CONTRACTS = {path.stem: contract(path) for path in FILES}
VECTORS = [
    pytest.param(terms, vector, id=f"{name}: {vector.name}")
    for name, terms in CONTRACTS.items()
    for vector in terms.vectors
]


@pytest.mark.parametrize(("terms", "vector"), VECTORS)
def test_the_vector_holds_to_the_cent(terms: Contract, vector: Vector) -> None:
    result = run_vector(terms, vector, Tables.empty())
    assert result.holds, (result.differences, result.decision and result.decision.reasons)


@pytest.mark.parametrize(("terms", "vector"), VECTORS)
def test_its_answer_balances_and_every_cent_is_explained(terms: Contract, vector: Vector) -> None:
    decision = run_vector(terms, vector, Tables.empty()).decision
    if decision is None:
        return
    paid = decision.payment.paid
    answer = Remittance("Payer", "1", "1", "1", "T", "1", vector.on, "I", "ACH", paid, (decision.payment,))
    assert imbalances(answer) == ()
    for service, line, words in zip(decision.payment.services, decision.lines, decision.reasons, strict=True):
        if line.refused:
            continue
        explained = {step.words for step in line.sharing}
        for adjustment in service.adjustments:
            if adjustment.reason not in ("253", "104"):
                code = f"({adjustment.group}-{adjustment.reason}"
                assert any(amount_text(adjustment.amount) in w and code in w for w in explained), (adjustment, words)
        assert line.pricing and all(step.clause for step in (*line.pricing, *line.sharing))
        assert words.startswith(f"line {line.number}: allowed {amount_text(line.allowed)} (")
        assert f"paid {amount_text(service.paid)}" in words


def test_there_are_enough_vectors_and_each_names_its_source() -> None:
    vectors = [vector for terms in CONTRACTS.values() for vector in terms.vectors]
    published = [vector for vector in vectors if vector.published]
    assert len(vectors) >= 150 and len(published) >= 50
    assert all(vector.source and (vector.published != vector.source.startswith("own")) for vector in vectors)
    assert len({(vector.name, vector.source) for vector in vectors}) == len(vectors)


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_contract_with_everything_in_it_is_kept_and_read_back(name: str) -> None:
    terms = CONTRACTS[name]
    assert from_plain(Contract, to_plain(terms)) == terms


def test_the_smallest_contract_of_the_documentation_holds() -> None:
    text = (ROOT / "docs/contracts.md").read_text("utf-8")
    found = read(text.split("```toml\n")[1].split("```")[0].encode())
    assert found.contract is not None, found.findings
    assert [result.differences for result in check_vectors(found.contract, Tables.empty())] == [()]


def test_a_wrong_vector_is_named_to_the_cent() -> None:
    terms = CONTRACTS["medicare-part-b"]
    vector = replace(terms.vectors[0], expect=Expected(paid=7126, adjustments={"PR-2": 1817, "CO-45": 5913}))
    broken = replace(terms, vectors=(vector,))
    (result,) = check_vectors(broken, Tables.empty())
    assert result.differences == (
        "claim: paid 71.26 expected, 71.25 reckoned",
        "claim: CO-253 0.00 expected, 1.45 reckoned",
    )
