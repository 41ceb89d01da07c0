"""The data scientist's screen: models kept, the challenger beside the champion, drift, the slice without advice."""

from __future__ import annotations

from pydantic import Field

from serving.schemas.access import Schema


class ModelView(Schema):
    """A model kept for the practice: in service, in the shadow (`challenger`), once in service (`activated_at` says
    when last), or only offered.
    """

    kind: str
    sha256: str
    in_service: bool
    challenger: bool = False
    activated_at: str
    activated_by: str
    card: dict[str, str]


class ServiceIn(Schema):
    """A person's word that this model shall serve (or score in the shadow): its whole seal, and why."""

    sha256: str = Field(min_length=1, max_length=64)
    reason: str = Field(min_length=3, max_length=200)


class RiskView(Schema):
    """What the model in service says of one claim: advice, with what raises the risk and what would lower it."""

    model: str
    probability_ppm: int
    flagged: bool
    reasons: list[str]
    what_if: list[str]


class WithholdIn(Schema):
    """Of how many visits in a hundred the model's advice, and nothing else, is withheld; 0 ends it."""

    percent: int = Field(ge=0, le=10)
    reason: str = Field(min_length=3, max_length=200)


class WithholdView(Schema):
    """The choice that holds, whose it is, and how many claims it has drawn so far."""

    percent: int
    reason: str
    chosen_by: str
    chosen_at: str
    claims: int


class FiguresView(Schema):
    """How good stated probabilities were on `n` answered claims; "" where those are too few, and `auc` also where all
    ended alike.
    """

    name: str
    n: int
    denied: int
    stated: str
    log_loss: str
    brier: str
    auc: str


class ComparisonView(Schema):
    """Two models on the answered claims both had scored before the answer. `gain`: how much less log loss a claim the
    challenger has, with the ends of its 90 % interval; "" on too few claims. `waiting`: scored by both, not answered.
    """

    champion: FiguresView
    challenger: FiguresView
    gain: str
    low: str
    high: str
    waiting: int
    words: str


class SignView(Schema):
    """One thing watched: its value against the threshold, the claims it rests on, and what it says."""

    kind: str
    name: str
    value: str
    threshold: str
    claims: int
    alarm: bool
    words: str


class WatchView(Schema):
    """What the last night's watching found. `unknown` claims are old enough to be answered and are not; `young` ones
    are too young. `as_of` is "" when no model has been watched yet.
    """

    kind: str
    as_of: str = ""
    champion: str = ""
    challenger: str = ""
    problem: str = ""
    maturity_days: int = 0
    mature: int = 0
    unknown: int = 0
    young: int = 0
    alarms: list[str] = Field(default_factory=list)
    signs: list[SignView] = Field(default_factory=list)
    comparison: ComparisonView | None = None
    slices: list[FiguresView] = Field(default_factory=list)
