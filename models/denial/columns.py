"""The model's rows for many claims at a time: to the bit what `features.row` makes of each, and many times as fast.

Claims come as columns: numbers, words kept once each, and ragged columns of the lines' values. The claim's own values
are worked out with numpy by the same function as for one claim; a sender, line or diagnosis is worked out once a day
however many claims carry it, by the same function; what hangs on one patient, card or provider is asked claim by claim.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from models.denial.facts import ClaimFacts
from models.denial.families import (
    LATENESS_DAYS,
    MANY_UNITS,
    Diagnosis,
    Kin,
    Line,
    Sender,
    carries_25,
    is_minor_procedure,
    is_visit,
)
from models.denial.features import (
    DIAGNOSIS_NAMES,
    LINE_NAMES,
    SENDER_NAMES,
    Standing,
    claim_values,
    diagnosis_values,
    line_values,
    of_the_day,
    pair_value,
    sender_values,
    standing_values,
)
from models.denial.history import ORIGINAL, History


@dataclass(frozen=True, slots=True)
class Words:
    """A column of texts: for each claim (or line) the place of its text in `words`."""

    places: Any
    words: Sequence[str]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Words:
        """The column of these texts."""
        import numpy as np

        known: dict[str, int] = {}
        places = [known.setdefault(text, len(known)) for text in texts]
        return cls(np.asarray(places, dtype=np.int64), tuple(known))

    def taken(self, at: Any) -> Words:
        """The texts at those places."""
        return Words(self.places[at], self.words)

    def texts(self) -> list[str]:
        """The texts, one a claim (or line)."""
        words = self.words
        return [words[place] for place in self.places.tolist()]

    def filled(self) -> Any:
        """Which are not empty."""
        import numpy as np

        return np.asarray([bool(word) for word in self.words] or [False])[self.places]

    def same(self, text: str) -> Any:
        """Which are that text."""
        import numpy as np

        return np.asarray([word == text for word in self.words] or [False])[self.places]


@dataclass(frozen=True, slots=True)
class Ragged:
    """A column of lists: claim n's values are `values[starts[n] : starts[n + 1]]`, numbers or Words."""

    starts: Any
    values: Any

    def counts(self) -> Any:
        """How many values each claim has."""
        return self.starts[1:] - self.starts[:-1]

    def summed(self, values: Any) -> Any:
        """The sum of each claim's values; 0 of none."""
        import numpy as np

        running = np.concatenate(([0], np.cumsum(values, dtype=np.int64)))
        return running[self.starts[1:]] - running[self.starts[:-1]]

    def largest(self, values: Any, none: float = 0) -> Any:
        """The largest of each claim's values, which may have columns; `none` where there are none."""
        import numpy as np

        found = np.full((len(self.starts) - 1, *values.shape[1:]), none, dtype=values.dtype)
        some = self.counts() > 0
        if some.any():
            found[some] = np.maximum.reduceat(values, self.starts[:-1][some], axis=0)
        return found

    def owners(self) -> Any:
        """For each value the place of its claim."""
        import numpy as np

        return np.repeat(np.arange(len(self.starts) - 1), self.counts())

    def taken(self, at: Any) -> Ragged:
        """The lists of the claims at those places."""
        import numpy as np

        counts = self.counts()[at]
        starts = np.concatenate(([0], np.cumsum(counts)))
        inside = np.arange(starts[-1]) - np.repeat(starts[:-1], counts)
        values = np.repeat(self.starts[:-1][at], counts) + inside
        return Ragged(starts, self.values.taken(values) if isinstance(self.values, Words) else self.values[values])


@dataclass(frozen=True, slots=True)
class ClaimColumns:
    """Claims by column: the fields of `ClaimFacts` that a row is made of. Numbers and flags are arrays; `submitted` is
    the day's ordinal; `claim_keys` and its like are lists of texts.
    """

    claim_keys: Sequence[str]
    patient_keys: Sequence[str]
    coverage_keys: Sequence[str]
    card_keys: Sequence[str]
    submitted: Any
    days_to_submit: Any
    rank: Any
    coverage_age_days: Any
    age_band: Any
    enrolled_days: Any
    has_authorization: Any
    has_referral: Any
    has_referring_provider: Any
    enrolled: Any
    coverage_active: Any
    has_group_number: Any
    resubmission: Any
    payer: Words
    provider: Words
    plan: Words
    frequency: Words
    relationship: Words
    sex: Words
    procedures: Ragged
    modifiers: Ragged
    units: Ragged
    amounts_cents: Ragged
    pointed: Ragged
    diagnoses: Ragged

    def __len__(self) -> int:
        return len(self.claim_keys)

    def taken(self, at: Any) -> ClaimColumns:
        """The claims at those places."""
        picked: dict[str, Any] = {}
        for name in self.__slots__:
            values = getattr(self, name)
            if isinstance(values, Words | Ragged):
                picked[name] = values.taken(at)
            else:
                picked[name] = [values[p] for p in at.tolist()] if isinstance(values, list) else values[at]
        return ClaimColumns(**picked)


_KEYS = ("claim_key", "patient_key", "coverage_key", "card_key")
NUMBERS = ("days_to_submit", "rank", "coverage_age_days", "age_band", "enrolled_days")
FLAGS = (
    *("has_authorization", "has_referral", "has_referring_provider", "enrolled", "coverage_active"),
    *("has_group_number", "resubmission"),
)
TEXTS = ("payer", "provider", "plan", "frequency", "relationship", "sex")
TEXT_LISTS = ("procedures", "modifiers", "pointed", "diagnoses")
NUMBER_LISTS = ("units", "amounts_cents")


def from_facts(claims: Sequence[ClaimFacts]) -> ClaimColumns:
    """The columns of these claims."""
    import numpy as np

    def lists(name: str, column: Callable[[list[Any]], Any]) -> Ragged:
        each = [getattr(claim, name) for claim in claims]
        starts = np.concatenate(([0], np.cumsum([len(values) for values in each], dtype=np.int64))).astype(np.int64)
        return Ragged(starts, column([value for values in each for value in values]))

    def whole(values: Sequence[int]) -> Any:
        return np.asarray(values, dtype=np.int64)

    fields: dict[str, Any] = {f"{name}s": [getattr(claim, name) for claim in claims] for name in _KEYS}
    fields |= {"submitted": whole([claim.submitted_on.toordinal() for claim in claims])}
    fields |= {name: whole([getattr(claim, name) for claim in claims]) for name in (*NUMBERS, *FLAGS)}
    fields |= {name: Words.of([getattr(claim, name) for claim in claims]) for name in TEXTS}
    fields |= {name: lists(name, Words.of) for name in TEXT_LISTS}
    fields |= {name: lists(name, whole) for name in NUMBER_LISTS}
    return ClaimColumns(**fields)


class ManyClaims:
    """How a claim's own values are worked out for many claims; `features.OneClaim` does the same for one."""

    @staticmethod
    def count(lists: Ragged) -> Any:
        """How many values each claim has."""
        return lists.counts()

    @staticmethod
    def total(lists: Ragged) -> Any:
        """The sum of each claim's values."""
        return lists.summed(lists.values)

    @staticmethod
    def most(lists: Ragged) -> Any:
        """The largest of each claim's values; 0 of none."""
        return lists.largest(lists.values)

    @staticmethod
    def filled(lists: Ragged) -> Any:
        """How many of each claim's values are not empty."""
        return lists.summed(lists.values.filled())

    @staticmethod
    def same(words: Words, text: str) -> Any:
        """Which are that text, as 1 and 0."""
        return words.same(text).astype(int)

    @staticmethod
    def least(one: Any, other: Any) -> Any:
        """The lesser of the two."""
        import numpy as np

        return np.minimum(one, other)

    @staticmethod
    def top(one: Any, other: Any) -> Any:
        """The greater of the two."""
        import numpy as np

        return np.maximum(one, other)

    @staticmethod
    def band(days: Any) -> Any:
        """The band of lateness."""
        import numpy as np

        return np.searchsorted(LATENESS_DAYS, days, side="right")


def rows(claims: ClaimColumns, history: History) -> Any:
    """The claims' rows in the order of NAMES, n x len(NAMES). The days are gone through in their order, so that each
    claim is told what was known before its own. HistoryError when the history knows later days than the first claim's.
    """
    import numpy as np

    made = np.empty((len(claims), 0))
    for place, day in enumerate(np.unique(claims.submitted).tolist()):
        at = np.flatnonzero(claims.submitted == day)
        found = _rows_of_a_day(claims.taken(at), history, history.known_before(date.fromordinal(day)))
        if place == 0:
            made = np.empty((len(claims), found.shape[1]))
        made[at] = found
    return made


def _rows_of_a_day(claims: ClaimColumns, history: History, day: int) -> Any:
    import numpy as np

    own = [np.asarray(values, dtype=np.float64) for values in claim_values(claims, ManyClaims)]
    of_lines = claims.procedures.largest(_looked_up(_lines(claims), len(LINE_NAMES), history, day, line_values))
    of_diagnoses = claims.diagnoses.largest(
        _looked_up(_diagnoses(claims), len(DIAGNOSIS_NAMES), history, day, diagnosis_values)
    )
    alone = [standing_values(of, history, day) for of in _standings(claims)]
    return np.hstack(
        (
            np.column_stack(own),
            _looked_up(_senders(claims), len(SENDER_NAMES), history, day, sender_values),
            of_lines,
            pair_value(of_lines.T)[:, None],
            of_diagnoses,
            np.asarray(alone, dtype=np.float64),
        )
    )


_Kinds = tuple[Callable[..., Any], list[tuple[Any, Sequence[Any]]]]


def _looked_up(
    kinds: _Kinds, width: int, history: History, day: int, values: Callable[[Kin, History, int], tuple[float, ...]]
) -> Any:
    """The values of each line (or sender, or diagnosis), worked out once for each kind there is of them."""
    import numpy as np

    make, parts = kinds
    code = np.zeros(len(parts[0][0]), dtype=np.int64)
    for places, words in parts:
        code = code * len(words) + places
    _, first, back = np.unique(code, return_index=True, return_inverse=True)
    table = np.empty((len(first), width))
    for place, one in enumerate(
        zip(*([words[p] for p in places[first].tolist()] for places, words in parts), strict=True)
    ):
        table[place] = of_the_day(make(*one), history, day, values)
    return table[back]


_FLAG = (False, True)


def _senders(claims: ClaimColumns) -> _Kinds:
    bands = ManyClaims.band(claims.days_to_submit)
    parts: list[tuple[Any, Sequence[Any]]] = [(w.places, w.words) for w in (claims.payer, claims.provider)]
    parts += [(bands, range(len(LATENESS_DAYS) + 1)), (claims.plan.places, claims.plan.words)]
    return Sender, [*parts, (claims.has_group_number, _FLAG)]


def _lines(claims: ClaimColumns) -> _Kinds:
    import numpy as np

    owner = claims.procedures.owners()
    ours = (
        claims.has_authorization,
        claims.has_referral,
        claims.has_referring_provider,
        claims.procedures.counts() == 1,
    )
    procedures, modifiers, pointed = (c.values for c in (claims.procedures, claims.modifiers, claims.pointed))
    minor = claims.procedures.largest(_which(procedures, is_minor_procedure))[owner]
    bare = minor & _which(procedures, is_visit) & ~_which(modifiers, carries_25)
    bands = np.searchsorted((2, MANY_UNITS), claims.units.values, side="right")
    return Line, [
        (claims.payer.places[owner], claims.payer.words),
        (procedures.places, procedures.words),
        (modifiers.places, modifiers.words),
        (bands, range(3)),
        (pointed.places, pointed.words),
        *((flag.astype(int)[owner], _FLAG) for flag in ours),
        (bare.astype(int), _FLAG),
    ]


def _which(column: Words, kind: Callable[[str], bool]) -> Any:
    """Which texts are of the kind, asked once for each text there is."""
    import numpy as np

    return np.asarray([kind(word) for word in column.words] or [False])[column.places]


def _diagnoses(claims: ClaimColumns) -> _Kinds:
    codes = claims.diagnoses.values
    payers = claims.payer.places[claims.diagnoses.owners()]
    return Diagnosis, [(payers, claims.payer.words), (codes.places, codes.words)]


def _standings(claims: ClaimColumns) -> Iterator[Standing]:
    procedures, starts = claims.procedures.values.texts(), claims.procedures.starts.tolist()
    cards = [card or coverage for card, coverage in zip(claims.card_keys, claims.coverage_keys, strict=True)]
    return map(
        Standing,
        claims.claim_keys,
        claims.patient_keys,
        claims.coverage_keys,
        cards,
        claims.payer.texts(),
        claims.provider.texts(),
        [tuple(procedures[a:b]) for a, b in pairwise(starts)],
        claims.submitted.tolist(),
        claims.days_to_submit.tolist(),
        claims.resubmission.astype(bool).tolist(),
        (~claims.frequency.same(ORIGINAL)).tolist(),
        claims.enrolled_days.tolist(),
    )
