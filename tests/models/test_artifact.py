import json
from pathlib import Path

import pytest

from models.artifact import ArtifactError, open_artifact, write

FIELDS = {"kind": "toy", "code_set_release": "none", "threshold": 500, "card": {"what": "a toy"}}
FILES = {"weights.json": b"{}", "table.bin": bytes(range(64))}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    write(tmp_path / "model", FILES, FIELDS)
    return tmp_path / "model"


def test_what_was_written_is_read(model: Path) -> None:
    artifact = open_artifact(model)
    assert artifact.kind == "toy"
    assert artifact.names == ("table.bin", "weights.json")
    assert artifact.read("table.bin") == FILES["table.bin"]
    assert artifact.manifest["threshold"] == 500


def test_the_same_content_has_the_same_bytes_and_seal(tmp_path: Path) -> None:
    one = write(tmp_path / "a", FILES, FIELDS)
    two = write(tmp_path / "b", dict(reversed(FILES.items())), dict(reversed(FIELDS.items())))
    assert one == two
    assert (tmp_path / "a/manifest.json").read_bytes() == (tmp_path / "b/manifest.json").read_bytes()


def test_another_threshold_is_another_model(tmp_path: Path) -> None:
    assert write(tmp_path / "a", FILES, FIELDS) != write(tmp_path / "b", FILES, {**FIELDS, "threshold": 501})


def test_writing_again_replaces_the_whole_model(model: Path) -> None:
    write(model, {"only.txt": b"x"}, FIELDS)
    assert open_artifact(model).names == ("only.txt",)
    assert not (model / "table.bin").exists()


def test_a_folder_that_is_no_model_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home/letter.txt").write_text("mine")
    with pytest.raises(ArtifactError, match="not a model directory"):
        write(tmp_path / "home", FILES, FIELDS)
    assert (tmp_path / "home/letter.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["table.bin", "weights.json"])
@pytest.mark.parametrize("damage", ["flip", "truncate", "remove", "empty", "longer"])
def test_any_damage_to_a_file_is_found_and_named(model: Path, name: str, damage: str) -> None:
    file = model / name
    data = file.read_bytes()
    if damage == "remove":
        file.unlink()
    else:
        file.write_bytes(
            {"flip": bytes([data[0] ^ 1]) + data[1:], "truncate": data[:-1], "empty": b"", "longer": data + b"\n"}[
                damage
            ]
        )
    with pytest.raises(ArtifactError) as caught:
        open_artifact(model)
    assert caught.value.where == name
    assert caught.value.mend


def test_every_byte_of_the_manifest_counts(model: Path) -> None:
    manifest = model / "manifest.json"
    data = manifest.read_bytes()
    for at in range(0, len(data), 7):
        manifest.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(ArtifactError):
            open_artifact(model)
    manifest.write_bytes(data[: len(data) // 2])
    with pytest.raises(ArtifactError, match="readable JSON"):
        open_artifact(model)


def test_damage_after_opening_is_found_on_reading(model: Path) -> None:
    artifact = open_artifact(model)
    (model / "table.bin").write_bytes(b"other")
    with pytest.raises(ArtifactError, match="damaged"):
        artifact.read("table.bin")


def test_a_file_nobody_listed_is_refused(model: Path) -> None:
    (model / "extra.txt").write_text("x")
    with pytest.raises(ArtifactError, match="does not list") as caught:
        open_artifact(model)
    assert "extra.txt" in caught.value.where


@pytest.mark.parametrize(
    "name", ["../up.txt", "/etc/passwd", "a/b.txt", "..", "", "manifest.json", "A.txt", "x\x00.txt"]
)
def test_a_name_that_leaves_the_directory_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ArtifactError, match="plain file name"):
        write(tmp_path / "model", {name: b"x"}, FIELDS)


def test_a_manifest_that_lists_a_path_outside_is_refused(tmp_path: Path) -> None:
    import hashlib

    from billing_core.record import canonical

    write(tmp_path / "model", FILES, FIELDS)
    (tmp_path / "secret.txt").write_text("s")
    manifest = json.loads((tmp_path / "model/manifest.json").read_text())
    manifest["files"]["../secret.txt"] = hashlib.sha256(b"s").hexdigest()
    del manifest["seal"]
    manifest["seal"] = hashlib.sha256(canonical(manifest)).hexdigest()
    (tmp_path / "model/manifest.json").write_bytes(canonical(manifest) + b"\n")
    with pytest.raises(ArtifactError, match="plain file name"):
        open_artifact(tmp_path / "model")


def test_a_link_is_not_a_file(model: Path, tmp_path: Path) -> None:
    (tmp_path / "same.bin").write_bytes(FILES["table.bin"])
    (model / "table.bin").unlink()
    (model / "table.bin").symlink_to(tmp_path / "same.bin")
    with pytest.raises(ArtifactError, match="plain file"):
        open_artifact(model)


def test_another_format_version_is_refused_with_the_mend(model: Path) -> None:
    manifest = json.loads((model / "manifest.json").read_text())
    (model / "manifest.json").write_text(json.dumps({**manifest, "format": 2}))
    with pytest.raises(ArtifactError, match="format 1") as caught:
        open_artifact(model)
    assert "cleanclaim-train" in caught.value.mend


@pytest.mark.parametrize("content", [b"[]", b"null", b"{}", b"\xff\xfe", b"", b"[" * 100_000])
def test_a_manifest_that_is_no_manifest_is_refused(model: Path, content: bytes) -> None:
    (model / "manifest.json").write_bytes(content)
    with pytest.raises(ArtifactError):
        open_artifact(model)


def test_an_absent_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="no model directory"):
        open_artifact(tmp_path / "nowhere")


def test_a_float_and_a_missing_field_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="no fixed spelling"):
        write(tmp_path / "m", FILES, {**FIELDS, "threshold": 0.5})
    with pytest.raises(ArtifactError, match="lacks a field") as caught:
        write(tmp_path / "m", FILES, {"kind": "toy"})
    assert caught.value.where == "code_set_release"
