"""What needs no model, and what a simple one can do: the rivals every denial model is set beside.

The *plain* rivals decide registration: the base rate, a table of denial rates by payer and procedure such as any biller
could keep, by the claims that hold the procedure or by its lines, and a logistic regression on what the claim itself
shows. A logistic regression on the model's own columns,
which hold all that history knows, shows what the recipe adds to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import Any

from training.export_folder import Submission

STRENGTH = 8.0  # claims of its own a cell of the table needs before it outweighs the base rate
BASE_RATE, TABLE, LOGISTIC = "base rate", "payer x procedure table", "logistic regression"
LINES, CODES = "payer x procedure table of lines", "logistic on codes"
PLAIN = (BASE_RATE, TABLE, LINES, CODES)


def column(rival: str) -> str:
    """What the rival's predictions are called in held_out.parquet."""
    return rival.replace(" ", "_")


def base_rate(learned: Sequence[Submission], judged: Sequence[Submission]) -> list[float]:
    """The same for every claim: the share denied of those learned from."""
    return [_share(learned)] * len(judged)


def rate_table(learned: Sequence[Submission], judged: Sequence[Submission]) -> list[float]:
    """The denial rate of the claim's payer and procedure among those learned from, drawn to the base rate while few;
    of several lines the highest.
    """
    base = _share(learned)
    cells: dict[tuple[str, str], list[int]] = {}
    for submission in learned:
        for cell in _cells(submission):
            counts = cells.setdefault(cell, [0, 0])
            counts[0] += 1
            counts[1] += bool(submission.denied)
    rates: Mapping[tuple[str, str], float] = {
        cell: (denied + STRENGTH * base) / (claims + STRENGTH) for cell, (claims, denied) in cells.items()
    }
    return [max((rates.get(cell, base) for cell in _cells(s)), default=base) for s in judged]


def line_table(learned: Sequence[Submission], judged: Sequence[Submission]) -> list[float]:
    """The same table of lines, by what became of the line itself; the chance that any line of the claim is refused."""
    counts: dict[tuple[str, str], list[int]] = {}
    for submission in learned:
        facts, refused = submission.facts, submission.refused
        for procedure in facts.procedures:
            cell = counts.setdefault((facts.payer, procedure), [0, 0])
            cell[0] += 1
            cell[1] += bool(submission.denied) and (not refused or procedure in refused)
    base = (sum(denied for _, denied in counts.values()) + 1) / (sum(lines for lines, _ in counts.values()) + 2)
    rates = {cell: (denied + STRENGTH * base) / (lines + STRENGTH) for cell, (lines, denied) in counts.items()}

    def passes(submission: Submission) -> float:
        facts = submission.facts
        return prod(1 - rates.get((facts.payer, procedure), base) for procedure in facts.procedures)

    return [1 - passes(submission) for submission in judged]


def logistic(learned: Any, denied: Sequence[bool], judged: Any) -> list[float]:
    """Logistic regression on the model's columns, standardised. `learned` and `judged` are matrices of rows."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.02, max_iter=1000))
    model.fit(learned, denied)
    return [float(p) for p in model.predict_proba(judged)[:, 1]]


def logistic_on_codes(learned: Sequence[Submission], judged: Sequence[Submission]) -> list[float]:
    """Logistic regression on what the claims show: payer, provider, codes and modifiers one by one, a few numbers."""
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(DictVectorizer(), LogisticRegression(C=0.3, max_iter=1000))
    model.fit([_shown(s) for s in learned], [s.denied is True for s in learned])
    return [float(p) for p in model.predict_proba([_shown(s) for s in judged])[:, 1]]


def _shown(submission: Submission) -> dict[str, float]:
    """What a claim shows, as flags and numbers of like size."""
    facts = submission.facts
    flags = [f"payer {facts.payer}", f"provider {facts.provider}", f"plan {facts.plan}", f"sex {facts.sex}"]
    flags += [f"procedure {code}" for code in facts.procedures] + [f"diagnosis {code}" for code in facts.diagnoses]
    flags += [f"{facts.payer} {code}" for code in facts.procedures]
    flags += [f"modifier {word}" for words in facts.modifiers for word in words.split()]
    numbers = {
        "days": facts.days_to_submit / 60,
        "age": facts.age_band / 50,
        "lines": len(facts.procedures) / 3,
        "amount": facts.total_cents / 50_000,
    }
    papers = {
        "authorization": facts.has_authorization,
        "referral": facts.has_referral,
        "enrolled": facts.enrolled,
        "coverage": facts.coverage_active,
        "resubmission": facts.resubmission,
    }
    return {**dict.fromkeys(flags, 1.0), **numbers, **{name: float(is_so) for name, is_so in papers.items()}}


def _cells(submission: Submission) -> Iterable[tuple[str, str]]:
    facts = submission.facts
    return sorted({(facts.payer, procedure) for procedure in facts.procedures})


def _share(submissions: Sequence[Submission]) -> float:
    return (sum(bool(s.denied) for s in submissions) + 1) / (len(submissions) + 2)
