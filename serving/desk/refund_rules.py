"""The states' rules about credits that the practice keeps: read, and put in force as one file.

The file is `billing_core.refund_rules`'s.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from billing_core import refund_rules as files
from serving.desk.case import Desk, use_case
from serving.desk.second_person import has_role
from serving.schemas.money import RefundRulesIn, RefundRulesView, RefundRuleView

if TYPE_CHECKING:
    from serving.store.books import Books

SUBJECT = "refund rules"


def _view(desk: Desk, books: Books, findings: list[str]) -> RefundRulesView:
    return RefundRulesView(
        rules=[
            RefundRuleView(
                state=rule.state,
                whose=rule.whose.value,
                days=rule.term.days,
                since=rule.term.since.value,
                effective=rule.effective.isoformat(),
                terminated=rule.terminated.isoformat() if rule.terminated else "",
                source=rule.source,
                says=rule.term.says,
            )
            for rule in books.refund_rules()
        ],
        findings=findings,
        ours=books.practice().address.state,
        may_write=has_role(desk, "contract.write"),
    )


@use_case("contract.read")
def rules(desk: Desk, books: Books) -> RefundRulesView:
    """The rules kept, by state."""
    return _view(desk, books, [])


@use_case("contract.write")
def save_rules(desk: Desk, books: Books, given: RefundRulesIn) -> RefundRulesView:
    """Put a file of rules in the place of those kept, when it is sound; else say what is wrong, and keep those."""
    data = given.text.encode()
    read, findings = files.read(data)
    if not findings:
        books.save_refund_rules(read)
        words = f"{len(read)} rules put in force"
        books.log(desk.actor, "contract.write", SUBJECT, reason=words, after=hashlib.sha256(data).hexdigest())
    return _view(desk, books, [f"{f.where}: {f.message}; {f.mend}" for f in findings])
