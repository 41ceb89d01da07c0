"""Codes and facts first: what to do about a refusal, and why that."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from billing_core.denial import denials
from billing_core.playbook import OnFile, plays
from billing_core.reason import REASONS
from tests.billing_core.money_specimens import answer, claim

SENT = claim(15000)
NOTHING = OnFile()
BOTH = OnFile(accepted_on=date(2026, 4, 10), file_by=date(2026, 7, 6), authorizations=("A77",), other_coverages=1,
              same_service=("ELMF00000001G",))  # fmt: skip


def steps(code: str, on_file: OnFile = NOTHING, remarks: tuple[str, ...] = (), **changes: object) -> list[str]:
    sent = replace(SENT, **changes)
    found = denials(answer(sent, (f"{code} 150",), remarks=remarks))
    return [play.step for play in plays(sent, found[0], on_file)]


@pytest.mark.parametrize(
    ("code", "on_file", "changes", "begins"),
    [
        ("CO-197", OnFile(), {}, "Ask the payer for an approval after the fact"),
        ("CO-197", BOTH, {}, "Put the authorization on file (A77)"),
        ("CO-197", BOTH, {"authorization": "A77"}, "Check that the approval covers"),
        ("CO-29", BOTH, {}, "Appeal with the acknowledgment: the payer's door took the claim on 2026-04-10"),
        ("CO-29", OnFile(), {}, "Look for good cause"),
        ("CO-27", BOTH, {}, "Ask this payer who was primary"),
        ("CO-27", OnFile(), {}, "Ask the payer (270/271)"),
        ("CO-18", BOTH, {}, "Find the first answer, to claim ELMF00000001G"),
        ("CO-18", OnFile(), {}, "Ask the payer for the claim it calls the first"),
        ("CO-50", OnFile(), {}, "Appeal: quote from the note"),
        ("PR-96", OnFile(), {}, "Bill the patient"),
    ],
)
def test_the_first_step_follows_from_code_and_facts(
    code: str, on_file: OnFile, changes: dict[str, object], begins: str
) -> None:
    assert steps(code, on_file, **changes)[0].startswith(begins)


def test_a_vague_reason_is_told_by_its_remark() -> None:
    assert steps("CO-16", remarks=("M76",))[0].startswith("Complete the diagnosis as signed")
    assert steps("CO-16", remarks=("N382",))[0].startswith("Correct the member id") or steps(
        "CO-16", remarks=("N382",)
    )[1].startswith("Correct the member id")
    assert steps("CO-16", remarks=("MA130",))[0].startswith("Send a new claim")


def test_every_reason_has_a_step_and_each_says_why() -> None:
    for carc in REASONS:
        for found in denials(answer(SENT, (f"CO-{carc} 150",))):
            given = plays(SENT, found, BOTH)
            assert given and all(play.step.endswith(".") and play.because for play in given), carc
