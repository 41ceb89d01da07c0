"""What payers are asked about coverages and what they answer (270, 271), for the front desk and the biller."""

from __future__ import annotations

from serving.schemas.access import Schema
from serving.schemas.billing import FileView


class AskIn(Schema):
    """`again`: ask also about coverages that their payers have called inactive."""

    again: bool = False


class AskedView(Schema):
    """The 270 files written; `held`: what could not be asked, and why."""

    files: list[FileView]
    questions: int
    held: list[str]


class CoverageItem(Schema):
    """A coverage that pays a visit (`kind` "visit") or an unsent claim ("claim"), and what its payer says of the day:
    `words`; `standing` is "active", "inactive", or "" while the payer has not said.
    """

    kind: str
    id: str
    coverage_id: str
    patient: str
    payer: str
    member_id: str
    service_date: str
    standing: str
    words: str
