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
from models.denial.features import NAMES, encoder, row
from models.denial.history import History
from models.denial.linear import Linear
from models.denial.outlook import CATEGORY, CATEGORY_TREES, DAYS, DAYS_TREES, Forecaster, Outlook
from models.denial.reasons import Reason, reasons
from models.denial.trees import Trees, TreesError
from models.denial.what_if import WORTH_SAYING_PPM, WhatIf, mended

KIND = "denial"
TREES = "trees.txt"
CALIBRATION = "calibration.json"
COLUMNS = "encoder.json"
LINEAR = "linear.json"

_OUTLOOK = (CATEGORY, CATEGORY_TREES, DAYS, DAYS_TREES)
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
    """One loaded model. Thread-safe for reading; the history it is given is not. `threshold` is in millionths."""

    def __init__(self, artifact: Artifact, linear: Linear, trees: Trees, calibration: Calibration) -> None:
        self.artifact = artifact
        self._linear = linear
        self._trees = trees
        self._calibration = calibration
        self._forecaster = Forecaster({name: artifact.read(name) for name in _OUTLOOK if name in artifact.names})
        self.threshold = int(artifact.manifest["threshold"])

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
        try:
            forest = Trees(trees.decode("ascii"), len(NAMES))
            return cls(artifact, Linear.from_json(linear), forest, Calibration.from_json(calibration))
        except (ValueError, TreesError) as error:
            raise ArtifactError("the model's files do not hold a model", where=TREES, mend=_MEND) from error

    @property
    def sha256(self) -> str:
        """The artifact's seal: the model's name in the event log."""
        return self.artifact.sha256

    def log_odds(self, rows: Any, threads: int = 1) -> Any:
        """The log-odds of each row (in the order of NAMES), before calibration."""
        import numpy as np

        matrix = np.asarray(rows, dtype=np.float64)
        return self._linear.raw(matrix) + self._trees.raw(matrix, threads)

    def probabilities_ppm(
        self, rows: Sequence[Sequence[float]] | Any, threads: int = 1, payers: Sequence[str] | None = None
    ) -> tuple[int, ...]:
        """The calibrated probability of each row (in the order of NAMES), in millionths; `payers` are those the rows'
        claims go to (None: the calibration common to all).
        """
        if not len(rows):
            return ()
        of_log_odds, raw = self._calibration.of_log_odds, self.log_odds(rows, threads).tolist()
        if payers is None:
            return tuple([round(1_000_000 * of_log_odds(z)) for z in raw])
        return tuple([round(1_000_000 * of_log_odds(z, payer)) for z, payer in zip(raw, payers, strict=True)])

    def row_ppm(self, own: Sequence[float], payer: str = "") -> int:
        """The same of one row, by the fast way: to the bit what `probabilities_ppm` says of it."""
        raw = self._linear.raw_of(own) + self._trees.raw_of(own)
        return round(1_000_000 * self._calibration.of_log_odds(raw, payer))

    def probability_ppm(self, facts: ClaimFacts, history: History) -> int:
        """The claim's probability of denial alone, in millionths."""
        return self.row_ppm(row(facts, history), facts.payer)

    def outlook(self, facts: ClaimFacts, history: History) -> Outlook:
        """Why the claim would be denied, if it is, and when its payer is expected to answer."""
        return self._forecaster.outlook(facts.payer, row(facts, history))

    def score(self, facts: ClaimFacts, history: History) -> Risk:
        """The claim's risk with reasons and with what the front desk could mend.

        `history` must not know the day of submission or later: HistoryError then.
        """
        own = row(facts, history)
        mends = list(mended(facts, history))
        payer = facts.payer
        probability = self.row_ppm(own, payer)
        others = [self.row_ppm(row(after, history), payer) for _, after in mends]
        straight, trees = self._linear.contributions_of(own), self._trees.contributions_of(own)
        contributions = [line + tree for line, tree in zip(straight, trees[:-1], strict=True)]  # the last is their mean
        return Risk(
            probability_ppm=probability,
            flagged=probability >= self.threshold,
            reasons=reasons(facts, history, contributions),
            what_ifs=tuple(
                WhatIf(mend.name, mend.sentence, after)
                for (mend, _), after in zip(mends, others, strict=True)
                if after <= probability - WORTH_SAYING_PPM
            ),
            artifact_sha256=self.sha256,
        )
