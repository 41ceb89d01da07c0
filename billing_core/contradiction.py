"""An answer to a claim that was answered before, otherwise, and of which nothing was taken back in between.

A payer that changes its mind takes its answer back (CLP02 22) and answers anew; then the later answer holds. Where it
only answers again, which of the two holds is not in the file: a person asks. The same said again, and an answer about
other lines of the claim (a claim that the payer has split), contradict nothing; nor does one that decides nothing yet.
A refusal of the whole claim without its lines speaks of every line.
Source: 005010X221A1 (835), section 1.10.2: reversal and correction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from billing_core.denial import denials, is_undecided
from billing_core.remittance import ClaimPayment

WHOLE = ""  # the claim as a whole, of an answer without lines
Decided = dict[str, tuple[str, tuple[str, ...]]]  # line -> its procedure and the reasons that deny it


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A line that is decided otherwise now: by which reasons it was denied before and is now, none where it was not."""

    procedure: str
    before: tuple[str, ...]
    now: tuple[str, ...]

    def __str__(self) -> str:
        was, says = (", ".join(codes) or "not denied" for codes in (self.before, self.now))
        return f"{self.procedure or 'the claim'}: {was} before, {says} now"


def contradictions(in_force: Iterable[ClaimPayment], now: ClaimPayment) -> tuple[Contradiction, ...]:
    """The lines of an answer that contradict the answers in force before it (oldest first), in its own order."""
    stands: Decided = {}
    for payment in in_force:
        stands |= _line_by_line(_decided(payment), stands)
    whole = stands.get(WHOLE)
    refused = whole if whole and whole[1] else None
    found = []
    for line, (procedure, codes) in _line_by_line(_decided(now), stands).items():
        before = stands.get(line, refused)
        if before is not None and before[1] != codes:
            found.append(Contradiction(procedure, before[1], codes))
    return tuple(found)


def _line_by_line(said: Decided, known: Decided) -> Decided:
    """A refusal of the whole claim said of each line known too; anything else as it is."""
    _, refused = said.get(WHOLE, ("", ()))
    return {line: (procedure, refused) for line, (procedure, _) in known.items()} | said if refused else said


def _decided(payment: ClaimPayment) -> Decided:
    """Line -> its procedure and the reasons that deny it. A line is known by our control number (REF*6R), which payers
    give back, else by its procedure and place; an answer without lines speaks of the claim as a whole.
    """
    if is_undecided(payment):
        return {}
    denied = {d.line: tuple(sorted((d.code, *d.others))) for d in denials(payment)}
    whole = denied.get(0, ())
    return {
        line.control or f"{line.procedure} {place}": (line.procedure, denied.get(place, whole))
        for place, line in enumerate(payment.services, start=1)
    } or {WHOLE: ("", whole)}
