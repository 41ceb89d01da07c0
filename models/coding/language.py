"""Whether a note can be read at all: in English words.

The lists of contexts, headings and terms are English. A note in another language is answered in the open instead of
being searched for the few words that happen to look alike. The small words of a language give it away: a third of a
running text, and hardly any of another language's. Words that two of the languages share are left out.
"""

from __future__ import annotations

import re
import unicodedata

from models.coding.words import word_set

SMALL_WORDS = {
    "Spanish": word_set(
        "el los las del una con por para como que se su sus fue es está paciente años sin muy pero más presenta al lo"
        " desde hasta sobre refiere niega ingresa días tras ha y"
    ),
    "French": word_set(
        "le les des une du et avec pour dans sur est qui que au aux pas plus patiente il elle ans sans depuis été mais"
        " sont ses ce cette chez à"
    ),
    "German": word_set(
        "der das und mit von dem den des ein eine einer ist sich auf für nicht bei wurde wird zu zum zur im aus nach"
        " seit patientin jahre keine oder"
    ),
    "Portuguese": word_set(
        "o os uma do da dos das com por para não que se na nos nas em foi é ao à há anos sem mas mais apresenta"
        " paciente dias pelo pela"
    ),
    "Italian": word_set(
        "il lo gli una della del dei delle con per che non si è nel nella da al alla anni senza ma più presenta"
        " paziente sono ha di giorni e"
    ),
}
ENGLISH = word_set(
    "the of and to in with is was for no has had her his she he on at by from that this are were be been not or as"
    " which an after patient year old who there denies without due history pain left right mild daily follow up today"
    " plan continue"
)
_WORD = re.compile(r"[^\W\d_]+")
_ENOUGH = 12  # words; fewer say nothing about their language
_SHARE = 0.12  # of the words
_READ = 20_000  # characters from the beginning


def unreadable(text: str) -> str:
    """Why the note cannot be read, in one sentence with the mend; "" for a note in English or too short to tell.

    >>> unreadable("12 34 / 56")
    'The note holds no words: send the text of the visit.'
    >>> unreadable("Type 2 diabetes.")
    ''
    """
    said = [word.lower() for word in _WORD.findall(text[:_READ])]
    if not said:
        return "The note holds no words: send the text of the visit."
    if sum(_latin(word[0]) for word in said) * 2 < len(said):
        return "The note is not written in Latin letters: only English notes are read. Send a translation."
    if len(said) < _ENOUGH:
        return ""
    english = sum(word in ENGLISH for word in said)
    count, language = max((sum(word in small for word in said), name) for name, small in SMALL_WORDS.items())
    if count >= _SHARE * len(said) and count > 2 * english:
        return f"The note appears to be written in {language}: only English notes are read. Send a translation."
    return ""


def _latin(letter: str) -> bool:
    return "LATIN" in unicodedata.name(letter, "")
