"""Build the coding suggester's artifact: `cleanclaim-train coding --out DIR [--data DIR ...]`.

Without data the artifact is cold: the ICD-10-CM tabular list (titles and inclusion terms, from `simple-icd-10-cm`,
imported here and nowhere else), our own lexicon, and weights set by hand. No label of any annotated corpus is in it.
With data (folders of notes/*.txt and codes.tsv, such as `cleanclaim export` writes) three things are learned: how often
each kind of evidence was signed, the threshold with the best F1, and terms the practice itself always signs with one
code. The same input gives the same bytes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from billing_core.encounter import Setting
from models.artifact import write
from models.coding.candidates import Source, Term, index_files, phrase_file
from models.coding.code_table import CodeRow, table_bytes
from models.coding.suggester import KIND, Suggester, read_synonyms
from models.coding.words import normal_phrase
from training.evaluate_coding import LabelledNote, read_folder

RELEASE = "ICD-10-CM April 2026"
FLOOR = 560
COLD_THRESHOLD = 500

# What each kind of evidence is worth, per mille, before any data: place.match (see models.coding.evidence).
COLD_WEIGHTS: Mapping[str, int] = {
    "header.written": 960, "header.exact": 900, "header.strong": 780, "header.fair": 600, "header.phrase": 620,
    "sole.phrase": 640, "sole.title": 520, "stated.phrase": 620, "stated.title": 520,
    "copied.phrase": 0, "copied.title": 0, "assessment.phrase": 380, "assessment.title": 250,
    "plan.phrase": 220, "plan.title": 120, "complaint.phrase": 300, "complaint.title": 200,
    "history.phrase": 220, "history.title": 120, "past.phrase": 320, "past.title": 220, "social.phrase": 300,
    "social.title": 100, "family.phrase": 200, "family.title": 80, "results.phrase": 150, "results.title": 90,
    "exam.phrase": 90, "exam.title": 50, "review.phrase": 60, "review.title": 30, "other.phrase": 120,
    "other.title": 60, "medications.phrase": 80, "medications.title": 30,
    "cause.mechanism": 560, "cause.activity": 510,
    "unassessed-complaint.phrase": 560, "unassessed-complaint.title": 520, "unassessed-history.phrase": 420,
    "unassessed-history.title": 300, "unsectioned.phrase": 520, "unsectioned.title": 420,
}  # fmt: skip

_PRIOR = 20  # notes' worth of belief in the cold weight
_HOUSE_LEAST, _HOUSE_SHARE = 5, 0.8  # a house term: seen in five notes, signed with the code in four of five


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `cleanclaim-train coding`."""
    parser.add_argument("--out", type=Path, required=True, help="the model directory to write")
    parser.add_argument("--data", type=Path, action="append", default=[], help="a folder of notes/*.txt and codes.tsv")


def run(args: argparse.Namespace) -> int:
    """Build the artifact; 0 when written."""
    notes = [note for folder in args.data for note in read_folder(folder)]
    sha256 = build(args.out, notes)
    sys.stdout.write(f"coding suggester written: {args.out} sha256 {sha256}\n")
    return 0


@dataclass(frozen=True, slots=True)
class Learned:
    """What data taught: weights and threshold per mille, and the practice's own terms."""

    weights: Mapping[str, int]
    threshold: int
    house: tuple[Term, ...] = ()


COLD = Learned(COLD_WEIGHTS, COLD_THRESHOLD)


def build(out: Path, notes: Sequence[LabelledNote] = ()) -> str:
    """Write the artifact to `out`, learned from the notes where there are any; returns its sha256."""
    sources = _Sources.load()
    sha256 = _write(out, sources, COLD, len(notes))
    if not notes:
        return sha256
    house = house_terms(notes, sources.synonyms)
    _write(out, sources, Learned(COLD_WEIGHTS, COLD_THRESHOLD, house), len(notes))
    weights = learn_weights(Suggester.load(out), notes)
    _write(out, sources, Learned(weights, COLD_THRESHOLD, house), len(notes))
    threshold = best_threshold(Suggester.load(out), notes)
    return _write(out, sources, Learned(weights, threshold, house), len(notes))


@dataclass(frozen=True, slots=True)
class _Sources:
    """The files and tables every build begins from."""

    rows: tuple[CodeRow, ...]
    terms: tuple[Term, ...]
    synonyms: dict[str, tuple[str, ...]]
    synonyms_file: bytes
    procedures_file: bytes

    @classmethod
    def load(cls) -> _Sources:
        ours = resources.files("models.coding")
        synonyms_file = ours.joinpath("synonyms.tsv").read_bytes()
        synonyms = read_synonyms(synonyms_file)
        rows, inclusions = tabular_list()
        lexicon = ours.joinpath("lexicon.tsv").read_text(encoding="utf-8")
        terms = [*_lexicon_terms(lexicon, synonyms), *_title_terms(rows, inclusions, synonyms)]
        return cls(rows, tuple(terms), synonyms, synonyms_file, ours.joinpath("procedures.toml").read_bytes())


def tabular_list() -> tuple[tuple[CodeRow, ...], dict[str, tuple[str, ...]]]:
    """Every category and code below it without its seventh character, and the inclusion terms by code."""
    import simple_icd_10_cm as tabular

    rows: list[CodeRow] = []
    inclusions: dict[str, tuple[str, ...]] = {}
    for code in tabular.get_all_codes(True):
        if tabular.is_extended_subcategory(code) or "-" in code or not code[0].isalpha():
            continue  # a made-up seventh character, a block, a chapter (B20 and Z66 are blocks and categories in one)
        children = tabular.get_children(code)
        seventh = "".join(sorted({c[-1] for c in children if tabular.is_extended_subcategory(c)}))
        rows.append(
            CodeRow(code, bool(seventh) or not children, seventh, " ".join(tabular.get_description(code).split()))
        )
        inclusions[code] = tuple(tabular.get_inclusion_term(code))
    return tuple(sorted(rows, key=lambda r: r.code)), inclusions


def lexicon_entries(text: str) -> Iterator[tuple[str, str]]:
    """(phrase, code) of each phrase of the lexicon file."""
    for line in text.splitlines():
        if line and not line.startswith("#"):
            code, phrases = line.split("\t")
            for phrase in phrases.split(";"):
                yield phrase.strip(), code


def _lexicon_terms(text: str, synonyms: Mapping[str, tuple[str, ...]]) -> Iterator[Term]:
    for phrase, code in lexicon_entries(text):
        normal = normal_phrase(phrase, synonyms)
        if normal:
            yield Term(normal, code, Source.LEXICON)


def _title_terms(
    rows: Sequence[CodeRow], inclusions: Mapping[str, tuple[str, ...]], synonyms: Mapping[str, tuple[str, ...]]
) -> Iterator[Term]:
    """Titles of categories and codes, and inclusion terms; external causes are not looked for by their titles."""
    for row in rows:
        if row.code[0] in "VWXY":
            continue
        yield Term(normal_phrase(row.title, synonyms), row.code, Source.TITLE)
        for text in inclusions.get(row.code, ()):
            normal = normal_phrase(text.replace(" NOS", "").replace(" NEC", ""), synonyms)
            if normal:
                yield Term(normal, row.code, Source.INCLUSION)


def _write(out: Path, sources: _Sources, learned: Learned, n_notes: int) -> str:
    terms = [*sources.terms, *learned.house]
    running = [t for t in terms if t.source in (Source.HOUSE, Source.LEXICON) or t.code[0] not in "Z"]
    files = {
        "icd10cm.tsv": table_bytes(sources.rows),
        "phrases.tsv": phrase_file(running),
        "synonyms.tsv": sources.synonyms_file,
        "procedures.toml": sources.procedures_file,
        "weights.json": json.dumps(dict(learned.weights), sort_keys=True, indent=0).encode(),
        **index_files(terms),
    }
    return write(
        out,
        files,
        {
            "kind": KIND,
            "code_set_release": RELEASE,
            "threshold": learned.threshold,
            "floor": FLOOR,
            "card": {
                "what": "Suggests ICD-10-CM, CPT and HCPCS codes from a clinical note, with evidence. People sign.",
                "made_from": "ICD-10-CM tabular list, our own lexicon, hand-set weights"
                + (f"; weights, threshold and terms learned from {n_notes} notes" if n_notes else ""),
                "notes": n_notes,
                "house_terms": len(learned.house),
                "limits": "Problems the author does not name are not coded; rare conditions by title words only.",
            },
        },
    )


def learn_weights(suggester: Suggester, notes: Iterable[LabelledNote]) -> dict[str, int]:
    """Each kind of evidence's share of codes that were signed, drawn towards the cold weight by `_PRIOR` notes."""
    offered: Counter[str] = Counter()
    signed: Counter[str] = Counter()
    for note in notes:
        for code, (_, grade) in suggester.considered(note.text, Setting.OUTPATIENT, note.age, note.sex).items():
            offered[grade] += 1
            signed[grade] += code in note.diagnoses
    return {
        grade: (1000 * signed[grade] + _PRIOR * cold) // (offered[grade] + _PRIOR)
        for grade, cold in sorted(COLD_WEIGHTS.items())
    }


def best_threshold(suggester: Suggester, notes: Sequence[LabelledNote]) -> int:
    """The threshold, in steps of ten, with the best micro F1 on the notes; the highest of equals."""
    scored = [
        (suggester.considered(note.text, Setting.OUTPATIENT, note.age, note.sex), frozenset(note.diagnoses))
        for note in notes
    ]
    total = sum(len(truth) for _, truth in scored)

    def f1(threshold: int) -> float:
        chosen = [({c for c, (s, _) in codes.items() if s >= threshold}, truth) for codes, truth in scored]
        hits, offered = sum(len(c & t) for c, t in chosen), sum(len(c) for c, _ in chosen)
        return 2 * hits / (offered + total) if offered + total else 0.0

    return max(range(100, 951, 10), key=lambda t: (f1(t), t))


def house_terms(notes: Sequence[LabelledNote], synonyms: Mapping[str, tuple[str, ...]]) -> tuple[Term, ...]:
    """Problem headers that this practice signs with one code nearly always, and far more often than by chance."""
    from models.coding.note import problem_headers

    seen: Counter[str] = Counter()
    together: Counter[tuple[str, str]] = Counter()
    for note in notes:
        headers = {normal_phrase(note.text[h.start : h.end], synonyms) for h in problem_headers(note.text)}
        for header in sorted(headers - {""}):
            seen[header] += 1
            for code in sorted(set(note.diagnoses)):
                together[header, code] += 1
    usual = Counter(code for note in notes for code in set(note.diagnoses))
    found: list[Term] = []
    for (header, code), count in sorted(together.items()):
        lift = count * len(notes) > 3 * seen[header] * usual[code]
        if count >= _HOUSE_LEAST and count >= _HOUSE_SHARE * seen[header] and lift:
            found.append(Term(header, code, Source.HOUSE))
    return tuple(found)
