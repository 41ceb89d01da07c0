"""A model as it travels: one directory of files, and a manifest that seals them.

`manifest.json` names the format version, the kind of model, the code-set release it was built on, its threshold, its
card, and the sha256 of every file; its `seal` is the sha256 of the manifest's own canonical bytes without the seal, so
that one flipped bit anywhere is found. The same files and fields give the same bytes, hence the same seal: the seal is
the model's name in the event log. Opening verifies everything and trusts nothing: a listed file that is missing,
shortened or changed, a file nobody listed, a link, a name that leaves the directory, or another format version is an
`ArtifactError` that names the file and the mend.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from billing_core.errors import BillingError
from billing_core.record import canonical

FORMAT = 1
MANIFEST = "manifest.json"
REQUIRED_FIELDS = ("kind", "code_set_release", "threshold", "card")

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9]+)+")
_REBUILD = "Build the model again with cleanclaim-train, or copy the directory again from where it was promoted."


class ArtifactError(BillingError):
    """A model directory that cannot be trusted. `where` is the file, `mend` what puts it right."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A verified model directory. `manifest` holds the fields, `sha256` is the seal that names the model."""

    path: Path
    kind: str
    manifest: Mapping[str, Any]
    sha256: str

    def read(self, name: str) -> bytes:
        """The bytes of one listed file, verified again as they are read. Raises ArtifactError."""
        files: Mapping[str, str] = self.manifest["files"]
        if name not in files:
            raise ArtifactError("the model does not hold this file", where=name, mend=_REBUILD)
        return _verified(self.path / name, files[name])

    @property
    def names(self) -> tuple[str, ...]:
        """The listed files, in order of name."""
        return tuple(sorted(self.manifest["files"]))


def write(directory: Path | str, files: Mapping[str, bytes], fields: Mapping[str, Any]) -> str:
    """Write the model directory and return its seal (sha256, hex).

    `fields` must hold `kind`, `code_set_release`, `threshold` and `card`; numbers are integers or decimal strings,
    never floats, so that the bytes are the same everywhere. A model already at `directory` is replaced as a whole;
    a directory that is not a model is left alone. Raises ArtifactError.
    """
    target = Path(directory)
    manifest = _manifest(files, fields)
    _refuse_foreign(target)
    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for name in sorted(files):
        (partial / name).write_bytes(files[name])
    (partial / MANIFEST).write_bytes(canonical(manifest) + b"\n")
    if target.exists():
        shutil.rmtree(target)
    partial.rename(target)
    return str(manifest["seal"])


def open_artifact(directory: Path | str) -> Artifact:
    """The model at `directory`, every file verified. Raises ArtifactError naming the file and the mend."""
    path = Path(directory)
    manifest = _read_manifest(path)
    files: Mapping[str, str] = manifest["files"]
    for name in sorted(files):
        _checked_name(name)
        _verified(path / name, files[name])
    for found in sorted(entry.name for entry in path.iterdir()):
        if found not in files and found != MANIFEST:
            raise ArtifactError("a file that the manifest does not list", where=_shown(found), mend=_REBUILD)
    return Artifact(path=path, kind=str(manifest["kind"]), manifest=manifest, sha256=str(manifest["seal"]))


def _manifest(files: Mapping[str, bytes], fields: Mapping[str, Any]) -> dict[str, Any]:
    missing = [name for name in REQUIRED_FIELDS if name not in fields]
    if missing:
        raise ArtifactError("the manifest lacks a field", where=missing[0], mend="Give it to write().")
    reserved = {"format", "files", "seal"} & set(fields)
    if reserved:
        raise ArtifactError("this field is written by the artifact itself", where=sorted(reserved)[0])
    sums = {_checked_name(name): hashlib.sha256(data).hexdigest() for name, data in files.items()}
    manifest: dict[str, Any] = {"format": FORMAT, "files": sums, **fields}
    try:
        manifest["seal"] = _seal(manifest)
    except TypeError as error:
        raise ArtifactError(
            "a field of the manifest has no fixed spelling",
            where=MANIFEST,
            mend="Write a float as a decimal string or an integer number of parts; use JSON values only.",
        ) from error
    return manifest


def _seal(manifest: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical({k: v for k, v in manifest.items() if k != "seal"})).hexdigest()


def _refuse_foreign(target: Path) -> None:
    if not target.exists():
        return
    if not target.is_dir() or (any(target.iterdir()) and not (target / MANIFEST).is_file()):
        raise ArtifactError("not a model directory, left as it is", where=target.name, mend="Name another directory.")


def _read_manifest(path: Path) -> dict[str, Any]:
    if not path.is_dir():
        raise ArtifactError("there is no model directory here", where=_shown(path.name), mend=_REBUILD)
    data = _bytes_of(path / MANIFEST)
    try:
        manifest = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ArtifactError("the manifest is not readable JSON", where=MANIFEST, mend=_REBUILD) from error
    if not isinstance(manifest, dict):
        raise ArtifactError("the manifest is not an object", where=MANIFEST, mend=_REBUILD)
    if manifest.get("format") != FORMAT:
        raise ArtifactError(
            f"this program reads format {FORMAT} of model directories, and this is another",
            where=MANIFEST,
            mend="Build the model again with the cleanclaim-train of this version.",
        )
    try:
        sealed = data == canonical(manifest) + b"\n" and manifest.get("seal") == _seal(manifest)
    except (TypeError, ValueError):
        sealed = False
    if not sealed:
        raise ArtifactError("the manifest was changed after it was sealed", where=MANIFEST, mend=_REBUILD)
    if not isinstance(manifest.get("files"), dict) or any(name not in manifest for name in REQUIRED_FIELDS):
        raise ArtifactError("the manifest lacks a field", where=MANIFEST, mend=_REBUILD)
    return manifest


def _checked_name(name: str) -> str:
    """A plain lower-case file name inside the directory: no folder, no '..', no absolute path, not the manifest."""
    if not _NAME.fullmatch(name) or name == MANIFEST:
        raise ArtifactError(
            "not a plain file name", where=_shown(name), mend="Use lower-case letters, digits, '_', '-' and an ending."
        )
    return name


def _bytes_of(file: Path) -> bytes:
    if file.is_symlink() or not file.is_file():
        raise ArtifactError("a file of the model is missing or is not a plain file", where=file.name, mend=_REBUILD)
    try:
        return file.read_bytes()
    except OSError as error:
        raise ArtifactError("a file of the model cannot be read", where=file.name, mend="Give read access.") from error


def _verified(file: Path, sha256: str) -> bytes:
    data = _bytes_of(file)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ArtifactError("a file of the model is damaged: its sha256 differs", where=file.name, mend=_REBUILD)
    return data


def _shown(name: str) -> str:
    """A name from outside, safe to print."""
    return ascii(name)[:80]
