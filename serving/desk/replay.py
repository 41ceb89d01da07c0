"""Every suggestion again: the note, the artifact that read it and what it was told give the same bytes, or it is said.

An auditor asks what the program proposed and why. The answer must not be today's model: a run is replayed by the
artifact whose seal stands beside it, kept with its code-set release since it was offered. The digest of the reader's
code stands there too: where another version of it gives other bytes, that is said.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from billing_core.record import canonical
from serving import artifacts
from serving.desk.case import Desk, use_case
from serving.desk.coding import GIVEN, reading_program, suggestions
from serving.schemas.coding import ReplayView
from serving.store.states import EncounterStatus

if TYPE_CHECKING:
    from serving.store.books import Books
    from serving.store.encounters import SuggestionRun


@use_case("encounter.read")
def replay(desk: Desk, books: Books, encounter_id: str = "") -> ReplayView:
    """Read the notes again (one visit's, when given): the latest run of each, compared byte by byte."""
    ids = (
        [books.encounter(encounter_id).id]
        if encounter_id
        else [v.encounter.id for s in EncounterStatus for v in books.encounters(s)]
    )
    runs = [run for each in ids if (run := books.latest_suggestion(each)) is not None]
    opened = _Opened(desk, books)
    same, different, other, gone = 0, list[str](), list[str](), list[str]()
    for run in runs:
        again = _again(books, run, opened.model(run.artifact_sha256))
        if again is None:
            gone.append(run.encounter_id)
        elif again == canonical({name: value for name, value in run.body.items() if name != GIVEN}):
            same += 1
        elif run.body[GIVEN].get("program") != reading_program():
            other.append(run.encounter_id)
        else:
            different.append(run.encounter_id)
    return ReplayView(read=len(runs), same=same, different=different, other_program=other, gone=gone)


def _again(books: Books, run: SuggestionRun, model: Any) -> bytes | None:
    """The bytes that the same artifact gives on the same note; None where the artifact, the note, or what the suggester
    was told is not what it was.
    """
    text, given = books.note_text(run.encounter_id), run.body.get(GIVEN)
    if model is None or given is None or hashlib.sha256(text.encode()).hexdigest() != run.body["note_sha256"]:
        return None
    return canonical(suggestions(model, text, given))


class _Opened:
    """The artifacts that once served, each opened once."""

    def __init__(self, desk: Desk, books: Books) -> None:
        self._desk, self._models = desk, dict[str, Any]()
        self._kept = artifacts.kept(books, desk.settings.artifacts, "coding")

    def model(self, sha256: str) -> Any:
        """The suggester of that seal, None where it is no longer kept whole."""
        if sha256 not in self._models:
            artifact = self._kept.get(sha256)
            self._models[sha256] = artifact and self._desk.shelf.opened("coding", artifact.path)
        return self._models[sha256]
