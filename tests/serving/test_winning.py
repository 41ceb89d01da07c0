"""What work saves of a denied claim: as the practice's own appeals went, once a person signed a model of them in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from billing_core.denial import LineDenial
from billing_core.record import from_plain
from models.artifact import MANIFEST
from models.denial.overturn import LEAST_ALIKE, facts_of, load
from serving.desk import appeals, billing, models
from serving.desk.case import Desk, open_desk
from serving.desk.export import export
from serving.errors import ArtifactProblem
from serving.schemas.appeals import OutcomeIn
from serving.schemas.billing import QueueItem
from serving.schemas.models import ServiceIn
from serving.store.books import Books
from tests.billing_core import specimens
from tests.serving.test_appeals import SIGNED, desk, drafted
from tests.training import test_overturn as appealed
from training import overturn

__all__ = ["desk"]


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of 240 decided appeals, some for medical necessity and none for a duplicate."""
    home = tmp_path_factory.mktemp("learned")
    folder = appealed.export(home / "export", 240)
    assert appealed.call("--export", folder, "--out", home / "run") == 0
    return home / "run" / "artifact"


def serve(desk: Desk, folder: Path) -> str:
    """Offered, and signed into service."""
    seal = models.offer(desk, "overturn", folder)
    assert [(m.kind, m.in_service) for m in models.models(desk)] == [("overturn", False)]
    return models.put_in_service(desk, "overturn", ServiceIn(sha256=seal, reason="enough appeals")).sha256


def queued(desk: Desk) -> QueueItem:
    (item,) = billing.queue(desk).items
    return item


def refused(books: Books) -> list[LineDenial]:
    return [from_plain(LineDenial, d.body) for d in books.denials_of_claims(["claim"])["claim"]]


def test_without_a_model_the_trades_average_stands_and_is_called_so(desk: Desk) -> None:
    item = queued(desk)
    assert (item.kind, item.effect, item.effect_rests_on) == ("denial", 63, "the trade's average")
    assert "x 63% of it saved by work (the trade's average) - $50.00 of work" in item.worth


def test_a_model_in_service_says_it_level_by_level(desk: Desk, learned: Path) -> None:
    before, model = queued(desk), load(learned)[1]
    seal = serve(desk, learned)
    with desk.store.read("elm") as books:
        denied = refused(books)
        assert "overturn: enough appeals" in [e.reason for e in books.events(subject=seal)]
    first, second = (facts_of(specimens.PAYER.number, level, denied) for level in (1, 2))
    item = queued(desk)
    assert item.effect == round(model.probability_ppm(first) / 10_000) != 63
    alike = model.decided_alike(first)
    assert alike > LEAST_ALIKE and item.effect_rests_on == f"as {alike} of your appeals of this kind were decided"
    assert f"x {item.effect}% of it saved by work ({item.effect_rests_on}) - $50.00 of work" in item.worth
    assert (item.at_stake, item.cost) == (before.at_stake, before.cost)
    stake = round(100 * float(item.at_stake))
    assert item.expected_value == f"{(stake * item.effect // 100 - 5000) / 100:.2f}"
    made = drafted(desk)
    appeals.file(desk, made.id, SIGNED)
    appeals.decide(desk, made.id, OutcomeIn(outcome="upheld"))
    with desk.store.read("elm") as books:
        assert books.appeal_levels() == {"claim": 1}
    assert queued(desk).effect == round(model.probability_ppm(second) / 10_000)


def test_the_model_is_asked_what_it_learned_from(desk: Desk, tmp_path: Path) -> None:
    """One definition: what the queue asks of an appeal not yet written is what the export will say of it."""
    with desk.store.read("elm") as books:
        asked = facts_of(specimens.PAYER.number, 1, refused(books))
    made = drafted(desk)
    appeals.file(desk, made.id, SIGNED)
    appeals.decide(desk, made.id, OutcomeIn(outcome="overturned", recovered="72.00"))
    export(desk, tmp_path / "export", synthetic=True)
    submissions = overturn.read(tmp_path / "export").submissions
    ((decided,), waiting) = overturn.decided(tmp_path / "export", submissions)
    assert (decided.facts, decided.won, waiting) == (asked, True, 0)


def test_of_a_kind_it_has_hardly_seen_the_model_is_not_asked(desk: Desk, learned: Path) -> None:
    with desk.store.open("elm") as books:
        (stored,) = books.denials_of_claims(["claim"])["claim"]
        books.save_denials([replace(stored, body={**stored.body, "reason": "18", "category": "duplicate"})])
    serve(desk, learned)
    item = queued(desk)
    assert (item.effect, item.effect_rests_on) == (63, "the trade's average")


def test_a_damaged_model_of_appeals_never_serves(desk: Desk, learned: Path, tmp_path: Path) -> None:
    seal = serve(desk, learned)
    effect = queued(desk).effect
    (file,) = desk.settings.artifacts.rglob(f"{seal}/overturn.json")
    file.write_bytes(b"{}")
    assert queued(desk).effect == effect, "what this process has opened goes on"
    later = open_desk(desk.settings, desk.store, desk.actor, desk.clock, desk.new_id)
    assert (queued(later).effect, queued(later).effect_rests_on) == (63, "the trade's average")
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / MANIFEST).write_text("{}")
    with pytest.raises(ArtifactProblem):
        models.offer(desk, "overturn", tmp_path / "none")
