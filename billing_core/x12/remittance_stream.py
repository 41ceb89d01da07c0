"""An 835 of any size in constant memory, in two passes. Guide: 005010X221A1.

Pass one (`survey`) proves that the file is whole, balances every line, claim and transaction set, and hands each chunk
to the caller's spool, so that a file that comes over the wire once can be read twice. Pass two (`claim_payments`)
yields the claim payments one by one. Nothing is yielded of a file that has not been proved whole: half a remittance is
never posted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from billing_core.errors import X12Error
from billing_core.money import Cents
from billing_core.remittance import ClaimPayment, Imbalance, ProviderAdjustment, Remittance, claim_imbalances
from billing_core.x12 import remittance_835
from billing_core.x12.envelope import Tally, Watch
from billing_core.x12.segment import Segment
from billing_core.x12.stream import stream_segments

IMBALANCES_KEPT = 100  # of one transaction set; more are counted
LOOP_SEGMENTS_MAX = 50_000  # of one header or one claim: 999 lines of 50 segments
PROVIDER_ADJUSTMENTS_MAX = 100_000
_SKIPPED = frozenset({"ISA", "GS", "GE", "IEA", "TA1"})


@dataclass(frozen=True, slots=True)
class Survey:
    """One transaction set as pass one saw it: its header as a remittance without claims, counts and balances."""

    set_control: str
    remittance: Remittance
    claims: int
    lines: int
    imbalances: tuple[Imbalance, ...]
    imbalance_count: int

    @property
    def balances(self) -> bool:
        """Whether every line, every claim and the transaction balance."""
        return not self.imbalance_count


@dataclass(slots=True)
class _Set:
    """The transaction set that is being surveyed."""

    st: Segment
    header: list[Segment] = field(default_factory=list)
    claims: int = 0
    lines: int = 0
    paid: Cents = 0
    provider_adjustments: list[ProviderAdjustment] = field(default_factory=list)
    imbalances: list[Imbalance] = field(default_factory=list)
    imbalance_count: int = 0

    def found(self, imbalance: Imbalance) -> None:
        self.imbalance_count += 1
        if len(self.imbalances) < IMBALANCES_KEPT:
            self.imbalances.append(imbalance)

    def take(self, piece: list[Segment]) -> None:
        """A whole piece: the header, one claim, one PLB, or an LX."""
        id = piece[0].elements[0]
        if id == "CLP":
            claim = remittance_835.read_claim(piece)
            self.claims += 1
            self.lines += len(claim.services)
            self.paid += claim.paid
            for imbalance in claim_imbalances(self.claims, claim):
                self.found(imbalance)
        elif id == "PLB":
            self.provider_adjustments.extend(remittance_835.read_provider_adjustments(piece[0]))
            if len(self.provider_adjustments) > PROVIDER_ADJUSTMENTS_MAX:
                raise piece[0].error("too many provider adjustments", "ask the payer to split the remittance")
        elif id != "LX":
            self.header = piece

    def survey(self) -> Survey:
        remittance = remittance_835.read_header(self.st, self.header, (), tuple(self.provider_adjustments))
        expected = self.paid - sum(one.amount for one in self.provider_adjustments)
        if expected != remittance.amount:
            self.found(Imbalance("transaction", "BPR02", expected, remittance.amount))
        return Survey(self.st.get(2), remittance, self.claims, self.lines, tuple(self.imbalances), self.imbalance_count)


def _nowhere(chunk: bytes) -> None:
    """The spool of a caller who can read the file again."""


def survey(chunks: Iterable[bytes], spool: Callable[[bytes], object] = _nowhere) -> tuple[Survey, ...]:
    """Pass one. X12Error when the file is not whole, is not an 835, or cannot be read."""
    watch = Watch(Tally)
    surveys: list[Survey] = []
    current: _Set | None = None
    for segment, piece in _pieces(_spooled(chunks, spool), watch):
        id = segment.elements[0]
        if piece and current is not None:
            current.take(piece)
        if id == "ST":
            current = _Set(_is_835(segment))
        elif id == "SE" and current is not None:
            surveys.append(current.survey())
            current = None
    contents = watch.contents()
    if contents.defects:
        defect = contents.defects[0]
        raise X12Error(defect.message, where=defect.where, mend=defect.mend)
    if not surveys:
        raise X12Error("the file holds no remittance (835)", where="segment 1", mend="hand an 835 to this reader")
    return tuple(surveys)


def claim_payments(chunks: Iterable[bytes]) -> Iterator[tuple[int, ClaimPayment]]:
    """Pass two: (number of the transaction set from 0, claim payment), in file order. `survey` the file before."""
    number = -1
    for segment, piece in _pieces(chunks, None):
        if piece and piece[0].elements[0] == "CLP":
            yield number, remittance_835.read_claim(piece)
        if segment.elements[0] == "ST":
            number += 1


def remittances(chunks: Callable[[], Iterable[bytes]]) -> Iterator[tuple[Survey, Iterator[ClaimPayment]]]:
    """Both passes over a file that can be opened twice. Take each set's claims before asking for the next set."""
    surveys = survey(chunks())
    claims = claim_payments(chunks())
    for found in surveys:
        yield found, (claim for _, (_, claim) in zip(range(found.claims), claims, strict=False))


def _spooled(chunks: Iterable[bytes], spool: Callable[[bytes], object]) -> Iterator[bytes]:
    for chunk in chunks:
        spool(chunk)
        yield chunk


def _is_835(st: Segment) -> Segment:
    if st.get(1) != remittance_835.SET_ID:
        raise st.error("this transaction set is not a remittance (835)", "hand an 835 to this reader", 1)
    return st


def _pieces(chunks: Iterable[bytes], watch: Watch | None) -> Iterator[tuple[Segment, list[Segment]]]:
    """Each segment that ends a piece of a set (the header, an LX, CLP or PLB loop), with that piece; and each ST."""
    piece: list[Segment] = []
    inside = False
    for segment in stream_segments(chunks):
        if watch is not None:
            watch.see(segment)
        id = segment.elements[0]
        if id == "ST" or id == "SE":
            yield segment, piece
            piece, inside = [], id == "ST"
        elif id in remittance_835.STARTS and inside:
            yield segment, piece
            piece = [segment]
        elif inside and id not in _SKIPPED:
            piece.append(segment)
            if len(piece) > LOOP_SEGMENTS_MAX:
                raise segment.error("too many segments in one loop", "ask the payer to split the remittance")
