"""The denial model in service: a claim's facts and the practice's history in, a calibrated risk with its reasons out.

Loads one verified artifact directory (models.artifact) and nothing else: LightGBM's text, the calibration, the column
names. Evaluation in training calls the same functions. A risk is advice to a biller; nothing here holds or changes a
claim.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.artifact import Artifact, ArtifactError, open_artifact
from models.denial.calibration import Calibration
from models.denial.facts import ClaimFacts
from models.denial.features import encoder, row
from models.denial.history import History
from models.denial.linear import Linear
from models.denial.reasons import Reason, reasons
from models.denial.what_if import WORTH_SAYING_PPM, WhatIf, mended

KIND = "denial"
TREES = "trees.txt"
CALIBRATION = "calibration.json"
COLUMNS = "encoder.json"
LINEAR = "linear.json"

_MEND = "Train the model again with cleanclaim-train denial of this version, then promote it."


@dataclass(frozen=True, slots=True)
class Risk:
    """How likely the claim is to be denied, in millionths; `flagged` when at or over the artifact's threshold."""

    probability_ppm: int
    flagged: bool
    reasons: tuple[Reason, ...]
    what_ifs: tuple[WhatIf, ...]
    artifact_sha256: str


class Predictor:
    """One loaded model. Thread-safe for reading; the history it is given is not."""

    def __init__(self, artifact: Artifact, linear: Linear, booster: Any, calibration: Calibration) -> None:
        self.artifact = artifact
        self._linear = linear
        self._booster = booster
        self._calibration = calibration
        self._threshold = int(artifact.manifest["threshold"])

    @classmethod
    def load(cls, directory: Path | str) -> Predictor:
        """The model at `directory`. Raises ArtifactError when it is damaged, of another kind or of other columns."""
        artifact = open_artifact(directory)
        if artifact.kind != KIND:
            raise ArtifactError("not a denial model", where=artifact.kind[:40], mend="Name a denial model's directory.")
        columns, linear, calibration, trees = (artifact.read(n) for n in (COLUMNS, LINEAR, CALIBRATION, TREES))
        if json.loads(columns) != encoder():
            raise ArtifactError(
                "the model was trained on other columns, or columns of another meaning", where=COLUMNS, mend=_MEND
            )
        import lightgbm

        try:
            booster = lightgbm.Booster(model_str=trees.decode("ascii"))
            return cls(artifact, Linear.from_json(linear), booster, Calibration.from_json(calibration))
        except (ValueError, lightgbm.basic.LightGBMError) as error:
            raise ArtifactError("the model's files do not hold a model", where=TREES, mend=_MEND) from error

    @property
    def sha256(self) -> str:
        """The artifact's seal: the model's name in the event log."""
        return self.artifact.sha256

    def probabilities_ppm(self, rows: Sequence[Sequence[float]]) -> tuple[int, ...]:
        """The calibrated probability of each row (in the order of NAMES), in millionths."""
        import numpy as np

        if not len(rows):
            return ()
        matrix = np.asarray(rows, dtype=np.float64)
        raw = self._linear.raw(matrix) + self._booster.predict(matrix, raw_score=True, num_threads=1)
        return tuple(round(1_000_000 * self._calibration.of_log_odds(float(z))) for z in raw)

    def probability_ppm(self, facts: ClaimFacts, history: History) -> int:
        """The claim's probability of denial alone, in millionths."""
        return self.probabilities_ppm((row(facts, history),))[0]

    def score(self, facts: ClaimFacts, history: History) -> Risk:
        """The claim's risk with reasons and with what the front desk could mend.

        `history` must not know the day of submission or later: HistoryError then.
        """
        import numpy as np

        own = row(facts, history)
        mends = list(mended(facts, history))
        probability, *others = self.probabilities_ppm((own, *(row(after, history) for _, after in mends)))
        matrix = np.asarray((own,), dtype=np.float64)
        trees = self._booster.predict(matrix, pred_contrib=True, num_threads=1)[0]
        contributions = self._linear.contributions(matrix)[0] + trees[:-1]  # the last is the trees' own mean
        return Risk(
            probability_ppm=probability,
            flagged=probability >= self._threshold,
            reasons=reasons(facts, history, [float(c) for c in contributions]),
            what_ifs=tuple(
                WhatIf(mend.name, mend.sentence, after)
                for (mend, _), after in zip(mends, others, strict=True)
                if after <= probability - WORTH_SAYING_PPM
            ),
            artifact_sha256=self.sha256,
        )
