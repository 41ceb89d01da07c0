"""Terms made by rule from two short lists of ours: what is wrong by where it is, and neoplasms by site and behaviour.

The Alphabetic Index is written the same way ("Cyst, kidney"; a table of neoplasms with a column per behaviour). A
row of `conditions_by_site.tsv` crosses each word of "what" with each of "where"; a row of `neoplasms.tsv` crosses each
site with the words below, which say the behaviour. Both orders are made, because a finder of phrases knows one order at
a time. A term that the lexicon already holds is left to the lexicon.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from models.coding.candidates import Source, Term
from models.coding.words import normal_phrase

# The columns of neoplasms.tsv, and the words that say each behaviour: before the site, and after it.
BEHAVIOURS: tuple[tuple[str, ...], ...] = (
    ("cancer", "carcinoma", "adenocarcinoma", "malignant tumor", "malignancy", "sarcoma", "malignant lesion",
     "epidermoid carcinoma", "squamous cell carcinoma", "squamous carcinoma", "ca"),
    ("metastasis", "metastatic lesion", "metastatic disease", "metastatic", "metastatic nodule", "metastatic tumor",
     "metastatic involvement", "secondary deposit", "secondary tumor", "metastatic adenocarcinoma",
     "metastatic infiltration"),
    ("carcinoma in situ",),
    ("benign tumor", "benign neoplasm"),
    ("tumor of uncertain behavior",),
    ("tumor", "neoplasm", "neoplasia", "tumor mass", "neoplastic mass", "tumor lesion", "neoformation"),
)  # fmt: skip


def crossed(what: str, where: str) -> Iterator[str]:
    """Every pair of two lists written with semicolons, in both orders.

    >>> list(crossed("mass; lump", "kidney"))
    ['kidney mass', 'mass kidney', 'kidney lump', 'lump kidney']
    """
    for condition in what.split(";"):
        for site in where.split(";"):
            yield f"{site.strip()} {condition.strip()}"
            yield f"{condition.strip()} {site.strip()}"


def rows_of(text: str) -> Iterator[list[str]]:
    """The columns of each line that is not a comment."""
    for line in text.splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


def crossed_phrases(conditions: str, neoplasms: str) -> Iterator[tuple[str, str]]:
    """(phrase, code or category) of every pair of the two files' text."""
    for code, what, where in rows_of(conditions):
        for phrase in crossed(what, where):
            yield phrase, code
    for sites, *codes in rows_of(neoplasms):
        for code, words in zip(codes, BEHAVIOURS, strict=True):
            if code != "-":
                for phrase in crossed("; ".join(words), sites):
                    yield phrase, code


def crossed_terms(
    conditions: str, neoplasms: str, synonyms: Mapping[str, tuple[str, ...]], taken: frozenset[str]
) -> tuple[Term, ...]:
    """The terms of both files in normal words, the first code of equals; none of the phrases `taken`."""
    chosen: dict[str, Term] = {}
    for phrase, code in crossed_phrases(conditions, neoplasms):
        normal = normal_phrase(phrase, synonyms)
        if normal not in taken:
            chosen.setdefault(normal, Term(normal, code, Source.LEXICON))
    return tuple(chosen.values())
