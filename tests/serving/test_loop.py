"""The loop at the desk, on a really trained model: advice at once, withheld from a slice, a challenger in the shadow,
and the alarm that a manager sees.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

import pytest

from billing_core.claim import ClaimState
from billing_core.record import digest
from models import artifact
from serving.desk import billing, coding, models, nightly, scoring, watching
from serving.desk.case import Desk, open_desk
from serving.desk.outcomes import claim_facts, pseudonym
from serving.errors import Conflict, Forbidden, InputError, NoModel, NotFound
from serving.ids import FixedClock
from serving.schemas.billing import MendIn
from serving.schemas.coding import DecisionIn, SignatureIn
from serving.schemas.models import ServiceIn, WithholdIn
from serving.security import Actor, Role
from serving.store.books import Books
from tests.serving.store import filled
from tests.serving.test_scoring import TODAY, Practice, activate, model, practice, sent_claim

__all__ = ["model", "practice"]


@pytest.fixture(autouse=True)
def numbers_of_its_own(practice: Practice) -> None:
    """The claims of the fixture were numbered by hand."""
    with practice.store.open("elm") as books:
        books.next_claim_serial(500)


def another(folder: Path, like: Path, **changed: object) -> Path:
    """A sound model of the same trees under another seal."""
    first = artifact.open_artifact(like)
    fields = {k: v for k, v in first.manifest.items() if k not in ("format", "files", "seal")}
    artifact.write(folder, {n: first.read(n) for n in first.names}, {**fields, "card": {"data": "another"}, **changed})
    return folder


def visit(practice: Practice, name: str = "visit") -> str:
    with practice.store.open("elm") as books:
        books.save_encounter(replace(filled.encounter(), id=name), filled.NOTE)
    return name


def sign(practice: Practice, name: str) -> coding.SignatureView:
    for system, code in (("ICD-10-CM", "E11.9"), ("CPT", "99213")):
        coding.decide(practice.desk, name, DecisionIn(system=system, code=code, decision="add"))
    return coding.sign(practice.desk, name, SignatureIn())


def score_of(practice: Practice, claim_id: str, **which: bool) -> object:
    with practice.store.read("elm") as books:
        return books.latest_scores([claim_id], **which).get(claim_id)


def test_a_claim_is_scored_when_it_is_signed_and_the_coder_is_told(practice: Practice, model: Path) -> None:
    before = sign(practice, visit(practice, "before"))
    assert before.claim_id and before.risk is None, "without a model the path is the same"
    seal = activate(practice, model)
    signed = sign(practice, visit(practice))
    assert signed.charges == 1 and signed.claim_state == before.claim_state
    found = score_of(practice, signed.claim_id)
    assert found is not None and found.artifact_sha256 == seal
    assert signed.risk == round(found.probability_ppm / 10_000)
    claim = billing.read_claim(practice.desk, signed.claim_id)
    assert claim.risk == signed.risk and claim.what_if == signed.what_if
    with practice.store.read("elm") as books:
        one, other = (digest(replace_ids(books, v.claim_id)) for v in (before, signed))
        assert one == other, "the claim is the same with and without a model"


def replace_ids(books: Books, claim_id: str) -> object:
    """The claim without what names it."""
    claim = books.claim(claim_id)
    lines = tuple(replace(line, control="", charge_id="") for line in claim.lines)
    return replace(claim, id="", number="", encounter_id="", lines=lines)


def test_what_is_said_at_once_is_what_a_fresh_process_says_at_night(practice: Practice, model: Path) -> None:
    activate(practice, model)
    signed = sign(practice, visit(practice))
    with practice.store.open("elm") as books:  # the payer answers: history moves, and the kept one with it
        books.step_claim("claim-3", ClaimState.DENIED)
        books.log("payer", "claim.denied", "claim-3")
    again = sign(practice, visit(practice, "again"))
    with practice.store.read("elm") as books:
        kept = books.latest_scores([again.claim_id])[again.claim_id].id
    scoring._KNOWN.clear()
    scoring.score_claims(practice.desk)
    with practice.store.read("elm") as books:
        scores = books.latest_scores([signed.claim_id, again.claim_id])
        run = books.events(action="model.score")[-1].reason
    assert run.startswith("5 open claims"), "two signed, three of the fixture still wait"
    assert [round(scores[s.claim_id].probability_ppm / 10_000) for s in (signed, again)] == [again.risk] * 2
    assert scores[again.claim_id].id == kept, "what was said at the signature still stands"


def test_a_mended_claim_is_scored_again(practice: Practice, model: Path) -> None:
    activate(practice, model)
    signed = sign(practice, visit(practice))
    first = score_of(practice, signed.claim_id)
    mended = billing.mend(
        practice.desk, signed.claim_id, MendIn(action="correct", reason="got it", authorization="AUTH9")
    )
    second = score_of(practice, mended.claim_id)
    assert first.id != second.id, "another authorization, another look"


def test_a_model_that_fails_holds_up_no_signature(
    practice: Practice, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from models.denial.predictor import Predictor

    def broken(*_: object) -> None:
        raise RuntimeError("Quackenbush")

    activate(practice, model)
    monkeypatch.setattr(Predictor, "score", broken)
    signed = sign(practice, visit(practice))
    assert signed.claim_id and signed.risk is None
    with practice.store.read("elm") as books:
        said = [e.reason for e in books.events(action="model.score", subject=signed.claim_id)]
    assert said == ["not scored: RuntimeError"]


# --- the slice ---


def names(practice: Practice, drawn: bool, count: int) -> list[str]:
    """Visits that this installation's secret draws into a tenth, or not."""
    every = (f"visit-{n}" for n in range(1000))
    tenth = (name for name in every if (int(pseudonym(practice.desk, "withhold", name), 16) % 10_000 < 1000) is drawn)
    return list(islice(tenth, count))


def test_advice_is_withheld_from_a_drawn_slice_and_nothing_else_is(practice: Practice, model: Path) -> None:
    activate(practice, model)
    shown = sign(practice, visit(practice, "shown-before"))
    models.withhold(practice.desk, WithholdIn(percent=10, reason="to judge the model"))
    signed = [sign(practice, visit(practice, name)) for name in names(practice, True, 2) + names(practice, False, 4)]
    with practice.store.read("elm") as books:
        scores = books.latest_scores([s.claim_id for s in signed])
    drawn = [s for s in signed if scores[s.claim_id].withheld]
    assert drawn == signed[:2] and all((s.risk is None) == (s in drawn) for s in signed)
    assert {s.claim_state for s in drawn} <= {s.claim_state for s in signed}, "every edit applies to them"
    assert models.withholding(practice.desk).claims == len(drawn)
    one = billing.read_claim(practice.desk, drawn[0].claim_id)
    assert one.risk is None and one.risk_reasons == [] and one.what_if == []
    models.withhold(practice.desk, WithholdIn(percent=0, reason="enough"))
    with practice.store.open("elm") as books:
        books.log("payer", "claim.denied", "claim-3")
    scoring.score_claims(practice.desk)
    with practice.store.read("elm") as books:
        after = books.latest_scores([*scores, shown.claim_id])
    assert {c for c, s in after.items() if s.withheld} == {s.claim_id for s in drawn}, "who is drawn stays drawn"
    assert not after[shown.claim_id].withheld, "who was advised stays so"


def test_only_a_manager_opts_in_and_to_a_small_slice(practice: Practice) -> None:
    with pytest.raises(ValueError, match="less than or equal to 10"):
        WithholdIn(percent=11, reason="too many")
    for role in Role:
        desk = replace(practice.desk, actor=Actor("u", "u", "elm", frozenset({role})))
        if role is not Role.MANAGER:
            with pytest.raises(Forbidden):
                models.withhold(desk, WithholdIn(percent=5, reason="none"))


# --- the shadow ---


def test_a_challenger_scores_in_the_shadow_and_is_never_advice(practice: Practice, model: Path, tmp_path: Path) -> None:
    first = activate(practice, model)
    other = models.offer(practice.desk, "denial", another(tmp_path / "other", model, threshold=0))
    with pytest.raises(NoModel):
        scoring.score_in_shadow(practice.desk)
    assert scoring.score_if_served(practice.desk) == 4
    queue = billing.queue(practice.desk).model_dump()
    view = models.put_in_shadow(practice.desk, "denial", ServiceIn(sha256=other, reason="retrained"))
    assert view.challenger and not view.in_service
    assert scoring.score_if_served(practice.desk) == 0
    ours, theirs = score_of(practice, "claim-2"), score_of(practice, "claim-2", shadow=True)
    assert ours.artifact_sha256 == first and theirs.artifact_sha256 == other
    assert theirs.body["flagged"] is True and theirs.withheld is False
    assert billing.queue(practice.desk).model_dump() == queue, "what it says is shown to nobody"
    with pytest.raises(Conflict):
        models.put_in_shadow(practice.desk, "denial", ServiceIn(sha256=first, reason="none"))
    with pytest.raises(NotFound):
        models.put_in_shadow(practice.desk, "denial", ServiceIn(sha256="0" * 64, reason="none"))


def answer(practice: Practice, serial: int, state: str, day: date) -> None:
    with practice.store.open("elm") as books:
        books.clock = FixedClock(day)
        books.step_claim(f"claim-{serial}", ClaimState(state))
        books.log("payer", f"claim.{state}", f"claim-{serial}")


def test_the_two_are_compared_on_what_both_had_scored(practice: Practice, model: Path, tmp_path: Path) -> None:
    activate(practice, model)
    other = models.offer(practice.desk, "denial", another(tmp_path / "other", model))
    models.put_in_shadow(practice.desk, "denial", ServiceIn(sha256=other, reason="retrained"))
    assert watching.last_watch(practice.desk, "denial").as_of == ""
    scoring.score_if_served(practice.desk)
    answer(practice, 3, "denied", TODAY + timedelta(days=1))
    found = watching.watch_denials(practice.desk)
    said = found.comparison
    assert said is not None and (said.champion.n, said.champion.denied, said.waiting) == (1, 1, 1)
    assert said.champion.log_loss == said.challenger.log_loss == said.gain == "", "a figure of one claim is none"
    assert "too few" in said.words and found.challenger == other
    assert [s.name for s in found.slices] == ["advice withheld", "advice shown"] and found.slices[1].n == 1
    assert watching.last_watch(practice.desk, "denial") == found
    with pytest.raises(NotFound):
        watching.last_watch(practice.desk, "weather")


# --- the alarm ---


@pytest.fixture
def drifting(practice: Practice, model: Path) -> Iterator[Desk]:
    """Forty claims that the model thought little of, all denied, old enough to be mature."""
    seal = activate(practice, another(model.parent / "early", model, known_by=(filled.DAY - timedelta(1)).isoformat()))
    later = TODAY + timedelta(days=30)
    with practice.store.open("elm") as books:
        books.clock = FixedClock(TODAY)
        for serial in range(100, 140):
            claim = sent_claim(serial)
            books.save_claim(claim, ClaimState.READY)
            books.step_claim(claim.id, ClaimState.SUBMITTED, TODAY - timedelta(days=12))
            books.add_score(claim.id, seal, 100_000, {"flagged": False})
            books.step_claim(claim.id, ClaimState.DENIED)
            books.log("payer", "claim.denied", claim.id)
    yield open_desk(practice.settings, practice.store, practice.desk.actor, FixedClock(later), practice.store.new_id)


def test_outcomes_that_leave_the_model_raise_an_alarm_and_it_ends_when_they_return(drifting: Desk) -> None:
    found = watching.watch_denials(drifting)
    (whole,) = (a for a in found.alarms if a.startswith("outcomes, all payers: 40 of 40 answers since "))
    assert "were denials, where 4.0 were expected" in whole and "See these claims, then train anew" in whole
    with drifting.store.read("elm") as books:
        (item,) = books.work(watching.QUEUE)
        assert "alarms of the denial model" in item.reason and item.body["alarms"] == found.alarms
    sign_ = next(s for s in found.signs if s.name == "all payers")
    assert sign_.alarm and float(sign_.value) > float(sign_.threshold)
    later = replace(drifting, clock=FixedClock(TODAY + timedelta(days=200)))  # long after: nothing of late
    assert watching.watch_denials(later).alarms == []
    with drifting.store.read("elm") as books:
        assert books.work(watching.QUEUE) == ()


def test_a_night_says_its_alarms(drifting: Desk, tmp_path: Path) -> None:
    for folder in ("in", "out"):
        (tmp_path / folder).mkdir()
    done = nightly.run_night(drifting, nightly.Papers(tmp_path / "in", tmp_path / "out"))
    assert any(a.startswith("outcomes, all payers") for a in done["model_alarms"])


def test_a_damaged_champion_is_told_and_the_one_before_goes_on(practice: Practice, model: Path, tmp_path: Path) -> None:
    first = activate(practice, model)
    second = models.offer(practice.desk, "denial", another(tmp_path / "second", model))
    models.put_in_service(practice.desk, "denial", ServiceIn(sha256=second, reason="better"))
    (trees,) = practice.settings.artifacts.rglob(f"{second}/trees.txt")
    trees.write_bytes(trees.read_bytes()[:100])  # cut short after it was signed for
    fresh = open_desk(
        practice.settings, practice.store, practice.desk.actor, practice.desk.clock, practice.store.new_id
    )
    assert scoring.score_claims(fresh) == 4
    assert score_of(practice, "claim-2").artifact_sha256 == first
    found = watching.watch_denials(fresh)
    assert found.champion == first and "does not serve" in found.alarms[-1]


def test_a_model_of_another_version_never_serves(practice: Practice, model: Path, tmp_path: Path) -> None:
    first = activate(practice, model)
    old = artifact.open_artifact(model)
    fields = {k: v for k, v in old.manifest.items() if k not in ("format", "files", "seal")}
    files = {n: old.read(n) for n in old.names} | {"encoder.json": b'{"format": 0}'}
    artifact.write(tmp_path / "other", files, fields)
    other = models.offer(practice.desk, "denial", tmp_path / "other")
    models.put_in_service(practice.desk, "denial", ServiceIn(sha256=other, reason="by mistake"))
    fresh = open_desk(
        practice.settings, practice.store, practice.desk.actor, practice.desk.clock, practice.store.new_id
    )
    assert scoring.score_claims(fresh) == 4
    assert score_of(practice, "claim-2").artifact_sha256 == first
    assert "other columns" in watching.watch_denials(fresh).problem


# --- the door for other systems ---


def test_another_systems_claim_is_scored_as_our_own_would_be_and_nothing_is_kept(
    practice: Practice, model: Path
) -> None:
    with pytest.raises(NoModel):
        scoring.ask(practice.desk, claim_facts(practice.desk, sent_claim(1), TODAY))
    activate(practice, model)
    scoring.score_claims(practice.desk)
    with practice.store.read("elm") as books:
        ours, kept, events = books.claim("claim-2"), books.latest_scores(["claim-2"])["claim-2"], books.event_count()
    shown = claim_facts(practice.desk, ours, TODAY)
    for sent in (shown, replace(shown, submitted_on=date(2090, 1, 1))):  # the day is the practice's, not the caller's
        assert scoring.ask(practice.desk, sent).probability_ppm == kept.probability_ppm
    with pytest.raises(InputError, match="differ in length"):
        scoring.ask(practice.desk, replace(shown, units=()))
    with practice.store.read("elm") as books:
        assert books.event_count() == events
