from pathlib import Path

import pytest

from models.coding.suggester import Suggester
from training.coding import build


@pytest.fixture(scope="session")
def cold_artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped artifact, built once."""
    directory = tmp_path_factory.mktemp("coding") / "model"
    build(directory)
    return directory


@pytest.fixture(scope="session")
def suggester(cold_artifact: Path) -> Suggester:
    return Suggester.load(cold_artifact)
