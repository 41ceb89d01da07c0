"""The model at work, watched each night: drift with an alarm that a manager sees, and the challenger beside it.

What was found is kept as the one item of the queue "model watch", open while there is an alarm; models/watch.py holds
the thresholds. A claim counts with what the model in service said of it before its answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from models import watch
from serving.artifacts import shadow_of
from serving.desk.case import Desk, use_case
from serving.desk.models import KINDS
from serving.desk.outcomes import sendings
from serving.desk.scoring import KIND
from serving.errors import NoModel, NotFound
from serving.ids import local_day
from serving.schemas.models import ComparisonView, FiguresView, SignView, WatchView
from serving.store.queues import StoredWork
from serving.store.states import WorkStatus

if TYPE_CHECKING:
    from models.denial.replay import Sending
    from serving.store.books import Books
    from serving.store.claims import ClaimScore

QUEUE = "model watch"
Told = Sequence[tuple[float, bool]]  # what was stated of a claim, and whether it was denied


def _figures(name: str, told: Told) -> FiguresView:
    found = watch.figures([p for p, _ in told], [was for _, was in told])
    if found is None or found.n < watch.LEAST_RECENT:  # a figure of two claims would be believed
        denied = sum(was for _, was in told)
        return FiguresView(name=name, n=len(told), denied=denied, stated="", log_loss="", brier="", auc="")
    return FiguresView(
        name=name, n=found.n, denied=found.denied, stated=f"{found.stated:.4f}", log_loss=f"{found.log_loss:.4f}",
        brier=f"{found.brier:.4f}", auc="" if found.auc is None else f"{found.auc:.3f}",
    )  # fmt: skip


def _compared(
    sent: Sequence[Sending], ours: Mapping[str, ClaimScore], theirs: Mapping[str, ClaimScore]
) -> ComparisonView:
    """The challenger beside the champion on the claims that both have scored."""
    both = [s for s in sent if s.mark in ours and s.mark in theirs]
    answered = [(s.mark, s.outcome.denied) for s in both if s.outcome is not None]
    champion = [ours[mark].probability_ppm / 1_000_000 for mark, _ in answered]
    challenger = [theirs[mark].probability_ppm / 1_000_000 for mark, _ in answered]
    denied = [was for _, was in answered]
    gain = low = high = ""
    if len(answered) < watch.LEAST_RECENT:
        words = f"{len(answered)} answered claims: too few to tell"
    else:
        mean, least, most = watch.gain(challenger, champion, denied)
        gain, low, high = (f"{number:+.4f}" for number in (mean, least, most))
        words = "no difference that chance would not explain"
        if least > 0 or most < 0:
            words = f"the {'challenger' if least > 0 else 'champion'} was better"
    return ComparisonView(
        champion=_figures("champion", list(zip(champion, denied, strict=True))),
        challenger=_figures("challenger", list(zip(challenger, denied, strict=True))),
        gain=gain,
        low=low,
        high=high,
        waiting=len(both) - len(answered),
        words=words,
    )


def _slices(sent: Sequence[Sending], scores: Mapping[str, ClaimScore]) -> list[FiguresView]:
    """The model's figures where its advice was shown and where it was withheld: the latter nobody has mended by it."""
    told: dict[bool, list[tuple[float, bool]]] = {False: [], True: []}
    for s in sent:
        score = scores.get(s.mark)
        if score is not None and s.outcome is not None:
            told[score.withheld].append((score.probability_ppm / 1_000_000, s.outcome.denied))
    return [_figures("advice withheld", told[True]), _figures("advice shown", told[False])]


def _learned_by(manifest: Mapping[str, Any], otherwise: date) -> date:
    try:
        return date.fromisoformat(str(manifest["known_by"]))
    except (KeyError, ValueError):
        return otherwise


def _look(desk: Desk, books: Books) -> WatchView:
    today = desk.today(books)
    served = desk.shelf.model(books, KIND)
    sent, _ = sendings(desk, books)
    marks = [s.mark for s in sent]
    ours = books.latest_scores(marks, artifact_sha256=served.sha256)
    seen = [
        watch.Seen(
            s.facts,
            s.outcome.known_on if s.outcome else None,
            s.outcome.denied if s.outcome else None,
            ours[s.mark].probability_ppm / 1_000_000 if s.mark in ours else None,
            s.outcome.categories if s.outcome else (),
            s.outcome.refused if s.outcome else (),
        )
        for s in sent
    ]
    activated = next(
        local_day(a.activated_at, books.practice().zone) for a in books.activations(KIND) if a.sha256 == served.sha256
    )
    report = watch.watch(seen, today, _learned_by(served.model.artifact.manifest, activated))
    shadows = books.activations(shadow_of(KIND))
    challenger = shadows[0].sha256 if shadows and shadows[0].sha256 != served.sha256 else ""
    theirs = books.latest_scores(marks, shadow=True, artifact_sha256=challenger) if challenger else {}
    return WatchView(
        kind=KIND,
        as_of=today.isoformat(),
        champion=served.sha256,
        challenger=challenger,
        problem=served.problem,
        maturity_days=report.maturity,
        mature=report.mature,
        unknown=report.unknown,
        young=report.young,
        alarms=[f"{sign.kind}, {sign.name}: {sign.words}" for sign in report.alarms]
        + ([f"the model last signed for does not serve: {served.problem}"] if served.problem else []),
        signs=[_sign(sign) for sign in report.signs],
        comparison=_compared(sent, ours, theirs) if challenger else None,
        slices=_slices(sent, books.latest_scores(marks)),
    )


def _sign(sign: watch.Sign) -> SignView:
    return SignView(
        kind=sign.kind, name=sign.name, value=f"{sign.value:.2f}", threshold=f"{sign.threshold:.2f}",
        claims=sign.claims, alarm=sign.alarm, words=sign.words,
    )  # fmt: skip


@use_case("model.score")
def watch_denials(desk: Desk, books: Books) -> WatchView:
    """Watch the denial model in service as of today and keep what was found; NoModel when none serves."""
    view = _look(desk, books)
    kept = books.work(QUEUE, None)
    item = StoredWork(
        kept[0].id if kept else books.new_id(), QUEUE, f"model:{KIND}", desk.today(books),
        status=WorkStatus.OPEN if view.alarms else WorkStatus.DONE,
        reason=f"{len(view.alarms)} alarms of the denial model" if view.alarms else "",
        body=view.model_dump(),
    )  # fmt: skip
    books.save_work([item])
    said = f"watched: {len(view.alarms)} alarms"
    books.log(desk.actor, "model.score", view.champion, reason=said)
    return view


@use_case("model.read")
def last_watch(desk: Desk, books: Books, kind: str) -> WatchView:
    """What the last watching of the models of that kind found."""
    if kind not in KINDS:
        raise NotFound("models of that kind")
    kept = [work for work in books.work(QUEUE, None) if work.subject == f"model:{kind}"]
    return WatchView.model_validate(kept[0].body) if kept else WatchView(kind=kind)


def watch_if_served(desk: Desk) -> list[str]:
    """The same at the end of a night; the alarms, in words."""
    try:
        return watch_denials(desk).alarms
    except NoModel:
        return []
