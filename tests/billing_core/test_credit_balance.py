"""The clock of a credit balance, by whose money it is: law, contract, the state's rule, and what nobody knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from billing_core import contract_file, contract_words, refund_rules
from billing_core.credit_balance import (
    NO_TERM,
    Holder,
    Investigation,
    RefundRule,
    RefundSince,
    RefundTerm,
    refund_clock,
    rule_of_state,
)

IDENTIFIED = date(2026, 1, 10)
ASKED = date(2026, 3, 1)
ON_REQUEST = RefundTerm(30, RefundSince.REQUEST, "section 7.2")
STATE = RefundRule("ZZ", Holder.PAYER, RefundTerm(90), date(2020, 1, 1), "invented code 1.2")


@pytest.mark.parametrize("filing", ["MA", "MB", "MC", "16"])
def test_medicare_and_medicaid_have_sixty_days_whatever_else_is_on_file(filing: str) -> None:
    assert refund_clock(filing, IDENTIFIED).due == date(2026, 3, 11)
    assert refund_clock(filing, IDENTIFIED, contract=RefundTerm(10), rule=STATE).due == date(2026, 3, 11)


def test_a_good_faith_investigation_stops_the_clock_for_a_hundred_and_eighty_days_at_most() -> None:
    for days, counted in ((30, 30), (180, 180), (400, 180), (-5, 0)):
        clock = refund_clock("MB", IDENTIFIED, Investigation(IDENTIFIED, IDENTIFIED + timedelta(days=days)))
        assert clock.due == IDENTIFIED + timedelta(days=60 + counted)


# whose, the contract's term, the state's rule, when it was asked for -> the last day, and words of the rule
CLOCKS: dict[str, tuple[str, RefundTerm | None, RefundRule | None, date | None, date | None, str]] = {
    "contract, identified": ("CI", RefundTerm(45), None, None, date(2026, 2, 24), "by the contract"),
    "contract, asked": ("CI", ON_REQUEST, None, ASKED, date(2026, 3, 31), "request of 2026-03-01 (by the contract: se"),
    "contract, not asked": ("CI", ON_REQUEST, None, None, None, "30 days from the request, and none is noted"),
    "contract before state": ("CI", RefundTerm(45), STATE, None, date(2026, 2, 24), "by the contract"),
    "state": ("CI", None, STATE, None, date(2026, 4, 10), "(ZZ, invented code 1.2)"),
    "nothing on file": ("CI", None, None, ASKED, None, NO_TERM),
    "patient": ("", None, None, None, date(2026, 2, 9), "own promise"),
    "patient, no contract": ("", RefundTerm(5), None, None, date(2026, 2, 9), "own promise"),
    "patient, by the state": ("", None, STATE, None, date(2026, 4, 10), "ZZ"),
}


@pytest.mark.parametrize("case", sorted(CLOCKS))
def test_the_first_that_speaks_decides(case: str) -> None:
    filing, contract, rule, asked, due, words = CLOCKS[case]
    clock = refund_clock(filing, IDENTIFIED, requested_on=asked, contract=contract, rule=rule)
    assert clock.due == due and words in clock.rule


def test_a_states_rule_holds_in_its_days_for_its_kind_of_money() -> None:
    later = replace(STATE, term=RefundTerm(60), effective=date(2026, 1, 1))
    ended = replace(STATE, whose=Holder.PATIENT, terminated=date(2025, 12, 31))
    rules = (later, STATE, ended)
    for on, days in ((date(2019, 1, 1), None), (date(2025, 6, 1), 90), (date(2026, 6, 1), 60)):
        found = rule_of_state(rules, "ZZ", Holder.PAYER, on)
        assert (found and found.term.days) == days
    assert rule_of_state(rules, "ZZ", Holder.PATIENT, date(2026, 1, 1)) is None
    assert rule_of_state(rules, "YY", Holder.PAYER, date(2026, 6, 1)) is None


# --- the files --------------------------------------------------------------------------------------------------------

RULES = """format = 1
[[rules]]
state = "ZZ"
whose = "payer"
days = 60
from = "request"
effective = 2026-01-01
source = "invented insurance code, section 1.2"
says = "the payer asks in writing"
vectors = [{ identified = 2026-01-01, requested = 2026-02-01, due = 2026-04-02 }, { identified = 2026-01-01 }]
"""
CONTRACT = """format = 1
payer = "payer"
effective = 2026-01-01
filing = { days = 90 }
corrected = { days = 90 }
appeal = { days = 90 }
refund = { days = 45, from = "identified", says = "section 7", vectors = [{identified=2026-01-10, due=2026-02-24}] }
"""


def test_a_contract_states_its_term_and_says_it_in_words() -> None:
    found = contract_file.read(CONTRACT.encode())
    assert found.findings == () and found.contract is not None
    assert found.contract.refund == RefundTerm(45, RefundSince.IDENTIFIED, "section 7")
    words = dict(contract_words.clauses(found.contract))["refund"]
    assert words == "an overpayment goes back within 45 days from the day it is identified: section 7"
    without = contract_file.read("\n".join(CONTRACT.splitlines()[:-1]).encode()).contract
    assert without is not None and without.refund is None


def test_a_file_of_rules_is_read_and_its_worked_days_come_out() -> None:
    (rule,), findings = refund_rules.read(RULES.encode())
    assert findings == () and rule.term == RefundTerm(60, RefundSince.REQUEST, "the payer asks in writing")
    assert (rule.state, rule.whose, rule.terminated) == ("ZZ", Holder.PAYER, None)


FAULTS = {
    "days = 60": ("days = 0", "rules[0].days"),
    'state = "ZZ"': ('state = "Zed"', "rules[0].state"),
    'source = "invented insurance code, section 1.2"': ('source = " "', "rules[0].source"),
    'from = "request"': ('from = "mailing"', "rules[0].from"),
    "due = 2026-04-02": ("due = 2026-04-03", "rules[0].vectors[0]"),
    "format = 1": ("format = 2", "format"),
    "effective = 2026-01-01\n": ("", "rules[0].effective"),
    'whose = "payer"': ('whose = "bank"', "rules[0].whose"),
    'says = "the payer': ('sayz = "the payer', "rules[0].sayz"),
}


@pytest.mark.parametrize("right", sorted(FAULTS))
def test_a_fault_of_the_file_is_named_with_its_place(right: str) -> None:
    wrong, place = FAULTS[right]
    rules, findings = refund_rules.read(RULES.replace(right, wrong).encode())
    assert rules == () and place in {finding.where for finding in findings}
    assert all(finding.mend for finding in findings)


def test_a_rule_that_stands_twice_and_a_file_that_is_none_are_refused() -> None:
    twice = RULES + RULES.removeprefix("format = 1\n")
    assert "stands 2 times" in refund_rules.read(twice.encode())[1][0].message
    for broken in (b"\xff", b"format =", b"x" * (5 * 1024 * 1024)):
        assert refund_rules.read(broken)[1][0].rule == "contract-unreadable"


@pytest.mark.parametrize("wrong", ["days = 0", "days = 4000", "days = 44"])
def test_a_contracts_term_that_is_none_or_disproved_is_refused(wrong: str) -> None:
    found = contract_file.read(CONTRACT.replace("days = 45", wrong).encode())
    assert found.contract is None and all("refund" in finding.where for finding in found.findings)
