"""A note as passages: each sentence with its normal words, their stems and the context of each word.

The same reading serves training and serving, so that what was counted in signed charts is what is looked for in a new
note. A stem is the first six letters: "painful" and "painfully" meet, and the whole words beside it keep apart what the
stem confuses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.coding.candidates import STOP_WORDS
from models.coding.context import Coloured, Context, context_of, contexts
from models.coding.note import Section, sections, sentences
from models.coding.words import Word, word_set, words

STEM = 6  # letters
SMALL_WORDS = STOP_WORDS | word_set("she he was which we were be are been had have as patient year old")


@dataclass(frozen=True, slots=True)
class Passage:
    """One sentence: its words in order, with the normal form, the stem and the context of each."""

    words: tuple[Word, ...]
    normals: tuple[str, ...]
    stems: tuple[str, ...]
    contexts: tuple[Context | None, ...]


def passages(text: str, synonyms: Mapping[str, tuple[str, ...]]) -> tuple[Passage, ...]:
    """Every sentence of the note that holds a word, in order."""
    parts: tuple[Section, ...] = sections(text)
    found: list[Passage] = []
    for sentence in sentences(text, parts):
        said = tuple(words(text, synonyms, sentence.start, sentence.end))
        if said:
            coloured = contexts(text, sentence.start, sentence.end, sentence.kind)
            normals = tuple(w.normal for w in said)
            found.append(Passage(said, normals, tuple(map(stem, normals)), _contexts(said, coloured)))
    return tuple(found)


def _contexts(said: Sequence[Word], coloured: Sequence[Coloured]) -> tuple[Context | None, ...]:
    if not coloured:
        return (None,) * len(said)
    return tuple(context_of(coloured, word.start, word.end) for word in said)


def stem(word: str) -> str:
    """The first letters of a word, which its inflections share.

    >>> stem("painful"), stem("pain")
    ('painfu', 'pain')
    """
    return word[:STEM]
