"""`python -m training.pooled EXPORT...`: what several practices' claims say of the weights of training/trade.py.

Prints WEIGHTS and INTERCEPT as they stand there. Each export is replayed as in training: no row has seen its outcome.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from pathlib import Path

from models.denial.features import NAMES
from training import denial, learner, splits, trade
from training.export_folder import read
from training.spread import one_thread

MOST = 1000  # claims of one practice that count: a large one must not speak for all
HELD = 150.0  # ridge around what the trade says by hand, in claims
DIGITS = 3


def learned(folders: Sequence[Path]) -> tuple[dict[str, float], float]:
    """The weights that fit the claims of all these practices best, held near trade.BY_HAND, and the log-odds of a row
    of zeros under them.
    """
    import numpy as np

    one_thread()
    rows, outcomes = [], []
    for folder in folders:
        export = read(folder)
        mature = list(splits.plan(export.submissions, export.as_of).final)
        if len(mature) > MOST:
            mature = sorted(random.Random(len(mature)).sample(mature, MOST))
        rows.append(denial.replay(export.submissions)[mature])
        outcomes.append(denial.outcomes(export.submissions)[mature])
    columns = learner.Columns(NAMES, learner.CLAIM_COLUMNS.directions, expected=trade.BY_HAND, hold=HELD)
    line = learner.line(np.vstack(rows), np.concatenate(outcomes), columns)
    weights = {name: float(f"{weight:.{DIGITS}g}") for name, weight in zip(NAMES, line.weights, strict=True) if weight}
    return weights, round(line.raw_of([0.0] * len(NAMES)), DIGITS)


if __name__ == "__main__":
    found, level = learned([Path(folder) for folder in sys.argv[1:]])
    said = "".join(f"    {name!r}: {weight!r},\n" for name, weight in found.items()).replace("'", '"')
    sys.stdout.write(f"WEIGHTS: Mapping[str, float] = {{\n{said}}}\nINTERCEPT = {level!r}\n")
