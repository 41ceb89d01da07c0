"""The states' rules about credits that a site keeps: a TOML file becomes rules, or findings with field, place and mend.

No rule is shipped: a site reads the statutes of its states, and enters each with its source, in its own words, with the
day from which it holds. Worked days (`vectors`) prove that the rule says what was meant.

    format = 1
    [[rules]]
    state = "ZZ"                    # two letters
    whose = "payer"                 # or "patient"
    days = 60
    from = "request"                # or "identified"
    effective = 2026-01-01
    source = "the statute or regulation, by its section"
    says = "what it says, in your own words"
    vectors = [{ identified = 2026-01-01, requested = 2026-02-01, due = 2026-04-02 }]
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter

from billing_core.contract_file import BYTES_MAX, Table, finding, refund_term
from billing_core.credit_balance import Holder, RefundRule
from billing_core.rule import Finding

FORMAT = 1
_STATE = re.compile(r"[A-Z]{2}", re.ASCII)


def read(data: bytes) -> tuple[tuple[RefundRule, ...], tuple[Finding, ...]]:
    """The rules of a file when nothing is wrong, and what was found. Never raises."""
    if len(data) > BYTES_MAX:
        return (), (finding("unreadable", f"longer than {BYTES_MAX} bytes", "file", "one file a site is enough"),)
    try:
        plain = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        place = re.search(r"at (line \d+, column \d+|end of document)", str(error))
        return (), (finding("unreadable", "not TOML", place[1] if place else "file", "correct the line"),)
    findings: list[Finding] = []
    top = Table(plain, "", findings)
    if top.whole("format") != FORMAT:
        top.wrong("format", "not a format this version reads", f"write format = {FORMAT}")
    rules = top.records("rules", _rule)
    top.finish()
    if not findings:
        for (state, whose, on), times in Counter((r.state, r.whose, r.effective) for r in rules).items():
            if times > 1:
                words = f"{state}, {whose}, from {on.isoformat()} stands {times} times"
                findings.append(finding("contradiction", words, "rules", "leave one"))
    return ((), tuple(findings)) if findings else (rules, ())


def _rule(t: Table) -> RefundRule:
    state, source, effective = t.text("state"), t.text("source"), t.needed_day("effective")
    if state is not None and not _STATE.fullmatch(state):
        t.wrong("state", "not a state", "give its two letters, such as NY")
    if source is not None and not source.strip():
        t.wrong("source", "the source is missing", "name the statute or regulation that you read")
    return RefundRule(state, t.choice("whose", Holder), refund_term(t), effective, source, t.day("terminated"))
