"""Which codes a phrase may mean: the code set's own words, and the words clinicians use instead.

Two ways to find a code. `PhraseFinder` finds whole phrases of the dictionary anywhere in a text in one pass
(Aho-Corasick over normal words). `TermIndex` scores a short problem header against every title, inclusion term and
lexicon phrase as a bag of words, rare words counting more (weighted Jaccard over inverse document frequencies), so
that "right middle finger distal phalanx fracture" meets "fracture of distal phalanx of right middle finger". Both are
built once, in training, and travel in the artifact as arrays.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from models.coding.words import Word, word_set

STOP_WORDS = word_set(
    "a an and at by due following for from has her his in into is it of on or other per the their this to with while s"
)
SIDES = {"right": "R", "left": "L", "bilateral": "B", "bilaterally": "B"}
# Words of a title that ask nothing of the note: it need not say them for the title to fit.
NEUTRAL = word_set(
    "unspecified specified nos nec elsewhere classified not initial encounter subsequent closed essential primary type"
    " complication uncomplicated site part condition disorder disease mellitus unilateral displaced nondisplaced"
    " idiopathic current without simple episode classifiable nontraumatic"
)
# Words of a header that do not choose the diagnosis: how it is going, how new it is.
COURSE = word_set(
    "stable controlled uncontrolled well poorly new newly diagnosed worsening improving improved mild moderate severe"
    " likely side status ongoing longstanding known active persistent continued today onset symptomatic asymptomatic"
    " doing good bad early late significant recent sided very some slightly resolving probable possible suspected"
    " dominant patient year old male female follow up followup visit evaluation management adequate control"
    " optimally suboptimally currently goal exacerbated established"
)
SOFT = word_set("acute chronic recurrent disease disorder syndrome injury condition joint pain region area")
NEARLY = 8  # per mille: enough to part two terms that are otherwise equal
OTHER_SIDE = 500  # per mille: "left lower quadrant" is not "right lower quadrant"
SOFT_SHARE = 350  # per mille of a soft word's weight
_LIGHT = 4000  # a term of common words alone must be there in full


class Source(StrEnum):
    """Where a term comes from."""

    HOUSE = "house"  # learned from the practice's own signed notes
    LEXICON = "lexicon"
    TITLE = "title"
    INCLUSION = "inclusion term"


OWN = (Source.HOUSE, Source.LEXICON)


@dataclass(frozen=True, slots=True)
class Term:
    """A phrase of normal words and the code (or category) it names."""

    words: str
    code: str
    source: Source


@dataclass(frozen=True, slots=True)
class Match:
    """A code a header may mean: per mille of agreement, and which source said so."""

    code: str
    agreement: int
    source: Source
    words: str


@dataclass(frozen=True, slots=True)
class Covered:
    """A term of which a sentence holds `share` per mille by weight; `weight` is all of the term's."""

    code: str
    share: int
    weight: int
    source: Source
    words: str


@dataclass(frozen=True, slots=True)
class Mention:
    """A dictionary phrase found at characters start..end of the text."""

    start: int
    end: int
    code: str
    source: Source


def bag(words: Iterable[str]) -> tuple[str, ...]:
    """The words that choose a diagnosis: no small words, no sides; each once, sorted."""
    return tuple(sorted({w for w in words if w not in STOP_WORDS and w not in SIDES}))


def side_of(words: Iterable[str]) -> str:
    """ "R", "L", "B" or "": the side that the words name ("B" where they name both)."""
    sides = {SIDES[w] for w in words if w in SIDES}
    if "B" in sides or len(sides) == 2:
        return "B"
    return sides.pop() if sides else ""


def index_files(terms: Sequence[Term]) -> dict[str, bytes]:
    """The inverted index over the terms, as the files the artifact carries. Deterministic."""
    import numpy as np

    ordered = sorted(set(terms), key=lambda t: (t.words, t.source, t.code))
    postings: dict[str, list[int]] = {}
    for number, term in enumerate(ordered):
        for word in bag(term.words.split()):
            postings.setdefault(word, []).append(number)
    vocabulary = sorted(postings)
    weight = {w: 0 if w in NEUTRAL else _weight(w, len(postings[w]), len(ordered)) for w in vocabulary}
    totals = [sum(weight[w] for w in bag(term.words.split())) for term in ordered]
    lengths = np.cumsum([0, *(len(postings[w]) for w in vocabulary)], dtype="<u4")
    flat = np.concatenate([np.asarray(postings[w], dtype="<u4") for w in vocabulary])
    return {
        "vocabulary.tsv": "".join(f"{w}\t{weight[w]}\n" for w in vocabulary).encode(),
        "postings.bin": flat.astype("<u4").tobytes(),
        "offsets.bin": lengths.astype("<u4").tobytes(),
        "totals.bin": np.asarray(totals, dtype="<i4").tobytes(),
        "terms.tsv": "".join(f"{t.words}\t{t.code}\t{t.source}\n" for t in ordered).encode(),
    }


def _weight(word: str, count: int, total: int) -> int:
    """Inverse document frequency in thousandths; a soft word counts for a part."""
    idf = round(1000 * math.log(1 + total / count))
    return idf * SOFT_SHARE // 1000 if word in SOFT else idf


class TermIndex:
    """Scores a header against every term."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        import numpy as np

        self._np: Any = np
        self._weight: dict[str, int] = {}
        self._number: dict[str, int] = {}
        for number, line in enumerate(files["vocabulary.tsv"].decode().splitlines()):
            word, weight = line.split("\t")
            self._weight[word], self._number[word] = int(weight), number
        self._postings = np.frombuffer(files["postings.bin"], dtype="<u4")
        self._offsets = np.frombuffer(files["offsets.bin"], dtype="<u4").tolist()
        self._totals = np.frombuffer(files["totals.bin"], dtype="<i4").astype("i8")
        self._least = self._totals.clip(_LIGHT)
        self._log_totals = np.log(self._totals + 1.0)
        self._terms = files["terms.tsv"].decode().splitlines()
        self._needed: dict[int, Any] = {}  # by floor: the least shared weight at which a term is covered
        self._unknown_weight = 4000  # a word no title holds: it counts against every match

    def weight(self, word: str) -> int:
        """How much a word chooses: thousandths of its inverse document frequency."""
        return 0 if word in COURSE else self._weight.get(word, self._unknown_weight)

    def best(self, words: Iterable[str], limit: int = 12) -> list[Match]:
        """The best terms for a header's words, best first; agreement per mille (1000: the same words)."""
        said = tuple(words)
        chosen = [w for w in bag(said) if w not in COURSE]
        asked = sum(self.weight(w) for w in chosen if w not in NEUTRAL)
        known = [w for w in chosen if w in self._number and w not in NEUTRAL]
        if not known or not asked:
            return []
        np = self._np
        shared = np.zeros(len(self._totals), dtype="i8")
        for word in known:
            at = self._number[word]
            shared[self._postings[self._offsets[at] : self._offsets[at + 1]]] += self._weight[word]
        hit = np.flatnonzero(shared)
        agreement = 1000 * shared[hit] // (asked + self._totals[hit] - shared[hit]).clip(1)
        top = hit[np.argsort(-agreement, kind="stable")[: 4 * limit]]
        scores = [int(1000 * shared[i] // max(1, asked + self._totals[i] - shared[i])) for i in top]
        matches = [self._match(int(i), score, said) for i, score in zip(top, scores, strict=True)]
        return sorted(matches, key=_preference)[:limit]

    @property
    def vocabulary(self) -> frozenset[str]:
        """Every word of a title, an inclusion term or the lexicon."""
        return frozenset(self._number)

    def covered(self, words: Iterable[str], floor: int, limit: int = 25) -> list[Covered]:
        """The terms of which a sentence holds at least `floor` per mille by weight, wherever its words stand."""
        np = self._np
        said = [w for w in dict.fromkeys(words) if self._weight.get(w)]
        if not said:
            return []
        shared = np.zeros(len(self._totals), dtype="i4")
        for word in said:
            at = self._number[word]
            shared[self._postings[self._offsets[at] : self._offsets[at + 1]]] += self._weight[word]
        if floor not in self._needed:
            self._needed[floor] = (-(-floor * self._least // 1000)).astype("i4")
        hit = np.flatnonzero(shared >= self._needed[floor])
        share = 1000 * shared[hit].astype("i8") // self._totals[hit].clip(1)
        top = np.argsort(-share * self._log_totals[hit], kind="stable")[:limit]
        found = []
        for number, per_mille in zip(hit[top].tolist(), share[top].tolist(), strict=True):
            term, code, source = self._terms[number].split("\t")
            found.append(Covered(code, per_mille, int(self._totals[number]), Source(source), term))
        return found

    def _match(self, number: int, agreement: int, said: Sequence[str]) -> Match:
        words, code, source = self._terms[number].split("\t")
        named = words.split()
        if ("without" in named) is not ("without" in said):
            agreement -= NEARLY  # "with aura" and "without aura" share every word that weighs
        ours, theirs = side_of(said), side_of(named)
        if ours != theirs:
            agreement -= OTHER_SIDE if ours and theirs and "B" not in (ours, theirs) else NEARLY
        return Match(code, agreement, Source(source), words)


def _preference(match: Match) -> tuple[int, int, int, str]:
    """Agreement first; then what the practice itself signs; then our lexicon, whose codes are the index's defaults."""
    return (-match.agreement, _RANK[match.source], len(match.words), match.code)


_RANK = {source: rank for rank, source in enumerate((Source.HOUSE, Source.LEXICON, Source.TITLE, Source.INCLUSION))}


LINKS = word_set(
    "the of in his her their a an its at this both"
)  # words that join the parts of a phrase and are read over


class PhraseFinder:
    """Finds dictionary phrases in a text's normal words, the longest first, none inside another.

    Joining words are read over, and a side where the phrase names none: "tumor in the left kidney" is a kidney tumor.
    """

    def __init__(self, phrases: bytes) -> None:
        import ahocorasick_rs

        self._exact: dict[str, tuple[str, Source]] = {}
        chosen: dict[str, tuple[str, Source]] = {}
        for line in phrases.decode().splitlines():
            words, code, source = line.split("\t")
            self._exact[words] = (code, Source(source))
            bare = " ".join(w for w in words.split() if w not in LINKS)
            if words.split(" ", 1)[0] in LINKS:
                continue  # "her disease": Hers' disease without its apostrophe
            if bare and (bare not in chosen or (Source(source) in OWN and chosen[bare][1] not in OWN)):
                chosen[bare] = (code, Source(source))
        self._entries = list(chosen.values())
        self._automaton = ahocorasick_rs.AhoCorasick(
            [f" {words} " for words in chosen], implementation=ahocorasick_rs.Implementation.ContiguousNFA
        )

    def exact(self, words: str) -> tuple[str, Source] | None:
        """The code of exactly these normal words, None where the dictionary has no such phrase."""
        return self._exact.get(words)

    def find(self, words: Sequence[Word]) -> list[Mention]:
        """Every phrase in the words, in order; of overlapping phrases the longer is kept."""
        plain = [at for at, word in enumerate(words) if word.normal not in LINKS]
        hits = self._hits(words, plain)
        if any(words[at].normal in SIDES for at in plain):
            hits |= self._hits(words, [at for at in plain if words[at].normal not in SIDES])
        taken = bytearray(len(words))
        found: list[Mention] = []
        for _, first, last, entry in sorted(hits):
            if any(taken[first : last + 1]):
                continue
            taken[first : last + 1] = b"\x01" * (last + 1 - first)
            code, source = self._entries[entry]
            found.append(Mention(words[first].start, words[last].end, code, source))
        return sorted(found, key=lambda m: (m.start, m.end))

    def _hits(self, words: Sequence[Word], kept: Sequence[int]) -> set[tuple[int, int, int, int]]:
        """(less the number of words, first word, last word, entry) of every phrase in the kept words."""
        starts: dict[int, int] = {}
        ends: dict[int, int] = {}
        at = 0
        for place, number in enumerate(kept):
            starts[at] = place
            at += len(words[number].normal) + 1
            ends[at + 1] = place
        text = " " + " ".join(words[number].normal for number in kept) + " "
        return {
            (starts[start] - ends[end] - 1, kept[starts[start]], kept[ends[end]], entry)
            for entry, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True)
        }


_ABBREVIATION = 4  # letters: an abbreviation that only the tabular list knows is not looked for in running text


def phrase_file(terms: Sequence[Term], longest: int = 6) -> bytes:
    """The phrases worth finding in running text: lexicon phrases all, titles and inclusion terms up to `longest` words.

    Where two codes share a phrase the lexicon's stands, else the first in code order.
    """
    chosen: dict[str, Term] = {}
    for term in sorted(set(terms), key=lambda t: (_RANK[t.source] if t.source in OWN else 9, t.code, _RANK[t.source])):
        count = len(term.words.split())
        if term.source not in OWN and count == 1 and len(term.words) <= _ABBREVIATION:
            continue  # "FFA" is also a method of examination
        if term.source in OWN or 0 < count <= longest:
            chosen.setdefault(term.words, term)
    lines = [f"{t.words}\t{t.code}\t{t.source}\n" for _, t in sorted(chosen.items())]
    return "".join(lines).encode()
