"""Which model serves a practice: activated by name of its seal, verified when opened, kept when its successor is bad.

Activating copies the model directory into the home folder, under the practice and the seal, verifies the copy and
notes the activation in the practice's books. From then on the original may change or vanish. Serving opens the latest
activation; when that one cannot be opened the one before serves on, and `Served.problem` says what is wrong.
"""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from billing_core.errors import BillingError
from serving.errors import ArtifactProblem, NoModel

if TYPE_CHECKING:
    from models.artifact import Artifact
    from serving.store.books import Books
    from serving.store.queues import Activation

Opener = Callable[[Path], Any]


@dataclass(frozen=True, slots=True)
class Served:
    """The model that serves, under its seal. `problem` is "" or says why a later activation does not."""

    model: Any
    sha256: str
    problem: str = ""


def shadow_of(kind: str) -> str:
    """The kind under which a model of `kind` is activated as challenger: it scores beside the one in service."""
    return f"{kind} challenger"


def activate(books: Books, home: Path, kind: str, directory: Path, activated_by: str) -> Activation:
    """Let the model in `directory` serve this practice from now on. `home` is `Settings.artifacts`.

    Raises ArtifactProblem when it is damaged or of another kind; what served before serves on.
    """
    artifact = _opened(directory)
    if artifact.kind != kind:
        raise ArtifactProblem(f"a model of another kind, not {kind}", mend="activate it under its own kind")
    folder = f"{_folder_of(books.practice_id)}/{_folder_of(kind)}/{artifact.sha256}"
    _copy(artifact, home / folder)
    return books.add_activation(kind, artifact.sha256, folder, activated_by)


def let_shadow(books: Books, home: Path, kind: str, artifact: Artifact, activated_by: str) -> Activation:
    """Let a kept model of this practice score beside the one in service from now on."""
    folder = artifact.path.relative_to(home).as_posix()
    return books.add_activation(shadow_of(kind), artifact.sha256, folder, activated_by)


def offer(books: Books, home: Path, kind: str, directory: Path) -> str:
    """Keep the model in `directory` beside those that serve, without letting it serve; returns its seal."""
    artifact = _opened(directory)
    if artifact.kind != kind:
        raise ArtifactProblem(f"a model of another kind, not {kind}", mend="offer it under its own kind")
    _copy(artifact, home / _folder_of(books.practice_id) / _folder_of(kind) / artifact.sha256)
    return artifact.sha256


def kept(books: Books, home: Path, kind: str) -> dict[str, Artifact]:
    """The sound models of this practice by seal: offered, in service, or once in service."""
    folder = home / _folder_of(books.practice_id) / _folder_of(kind)
    found = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        try:
            artifact = _opened(path)
        except ArtifactProblem:
            continue  # damaged or half copied: it cannot serve
        if artifact.sha256 == path.name:
            found[artifact.sha256] = artifact
    return found


class Shelf:
    """The opened models of this process, one per practice and kind, opened at first need.

    `openers` says how to load each kind from its verified directory (`Suggester.load`, `Predictor.load`).
    """

    def __init__(self, home: Path, openers: Mapping[str, Opener]) -> None:
        self._home, self._openers = home, dict(openers)
        self._served: dict[tuple[str, str], Served] = {}
        self._latest: dict[tuple[str, str], tuple[int, Served]] = {}
        self._refused: dict[tuple[str, str, int], str] = {}
        self._lock = threading.Lock()

    def model(self, books: Books, kind: str) -> Served:
        """The model that serves this practice now. Raises NoModel when none can be opened.

        One query when nothing has changed. An activation that once failed is not tried again in this process.
        """
        activations = books.activations(kind)
        if not activations:
            raise NoModel(f"no {kind} model is active", mend="activate one that cleanclaim-train has promoted")
        with self._lock:
            served = self._serve(books.practice_id, kind, activations)
            self._latest[books.practice_id, kind] = (activations[0].version, served)
            return served

    def at_hand(self, practice_id: str, kind: str, version: int) -> Served | None:
        """The model that `model` last answered with, while that version is the practice's latest activation; else None.

        Opens nothing and waits for nobody.
        """
        latest = self._latest.get((practice_id, kind))
        return latest[1] if latest is not None and latest[0] == version else None

    def opened(self, kind: str, folder: Path) -> Any:
        """The model of a directory that need not be in service: to read again as it once read."""
        return self._openers[kind](folder)

    def _serve(self, practice_id: str, kind: str, activations: tuple[Activation, ...]) -> Served:
        problem = ""
        for activation in activations:
            served = self._served.get((practice_id, kind))
            if served is None or served.sha256 != activation.sha256:
                opened = self._open(practice_id, activation)
                if isinstance(opened, str):
                    problem = problem or opened
                    continue
                served = opened
            served = Served(served.model, served.sha256, problem)
            self._served[practice_id, kind] = served
            return served
        raise NoModel(f"no {kind} model can be opened: {problem}", mend="activate a sound model")

    def _open(self, practice_id: str, activation: Activation) -> Served | str:
        """The activated model, opened; or what is wrong with it."""
        name = (practice_id, activation.kind, activation.version)
        if name in self._refused:
            return self._refused[name]
        folder = self._home / activation.folder
        try:
            artifact = _opened(folder)
            if artifact.sha256 != activation.sha256:
                raise ArtifactProblem("not the model that was activated")
            return Served(self._openers[activation.kind](folder), artifact.sha256)
        except Exception as error:  # a model library raises what it likes; the model before must serve on
            known = isinstance(error, (ArtifactProblem, BillingError))
            self._refused[name] = str(error) if known else f"it cannot be loaded ({type(error).__name__})"
            return self._refused[name]


def _opened(directory: Path) -> Artifact:
    from models.artifact import ArtifactError, open_artifact

    try:
        return open_artifact(directory)
    except ArtifactError as error:
        where = f" ({error.where})" if error.where else ""
        raise ArtifactProblem(error.message + where, mend=error.mend) from None


def _copy(artifact: Artifact, target: Path) -> None:
    """Copy whole or not at all, and verify the copy. An equal, sound copy that is there already stays."""
    if target.exists():
        try:
            if _opened(target).sha256 == artifact.sha256:
                return
        except ArtifactProblem:
            pass  # damaged since: replaced below
    partial = target.with_name(f".{uuid4().hex}.partial")
    try:
        shutil.copytree(artifact.path, partial)
        if _opened(partial).sha256 != artifact.sha256:
            raise ArtifactProblem("the model changed while it was copied", mend="activate it again")
        shutil.rmtree(target, ignore_errors=True)
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _folder_of(name: str) -> str:
    """A folder name for any practice id or kind, which may hold characters that no path should."""
    return hashlib.sha256(name.encode()).hexdigest()[:16]
