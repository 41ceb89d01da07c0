"""Build the coding suggester's artifact: `cleanclaim-train coding --out DIR [--data DIR ...]`.

Without data the artifact is cold: the ICD-10-CM tabular list (titles and inclusion terms, from `simple-icd-10-cm`,
imported here and nowhere else), our own lexicon, and weights set by hand. No label of any annotated corpus is in it.
With a few signed notes (folders of notes/*.txt and codes.tsv, such as `cleanclaim export` writes) three things are
learned: how often each kind of evidence was signed, the threshold with the best F1, and terms the practice itself
always signs with one code. With many, the charts' own phrases and a reranker are (`training.coding_charts`,
`training.coding_reranker`). The same input gives the same bytes.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib import resources
from pathlib import Path

from billing_core.encounter import Setting
from billing_core.errors import BillingError
from models.artifact import write
from models.coding.candidates import Source, Term, index_files, phrase_file
from models.coding.code_table import CodeRow, table_bytes
from models.coding.excludes import excludes_bytes
from models.coding.guidelines import kept
from models.coding.passages import passages
from models.coding.suggester import KIND, Suggester, read_synonyms
from models.coding.words import normal_phrase, word_set
from training.coding_charts import PATIENTS, PUBLISHED, Chart, Mark, Privacy, charts_files, known_words
from training.coding_export import furnished, reason_of
from training.coding_reranker import Example, Tables, Trained, train
from training.crossed_terms import crossed_terms
from training.evaluate_coding import FolderError, LabelledNote, read_folder
from training.projected_marks import read_marks

RELEASE, RELEASE_FROM = "ICD-10-CM April 2026", "2025-10-01"
MANY = 100  # signed notes that are enough for a reranker
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
    "unassessed-history.title": 300, "narrative.phrase": 560, "narrative.title": 530,
    "unsectioned.phrase": 520, "unsectioned.title": 420,
}  # fmt: skip

_PRIOR = 20  # notes' worth of belief in the cold weight
_HOUSE_SHARE = 0.8  # a house term: its notes signed with the code in four of five


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `cleanclaim-train coding`."""
    parser.add_argument("--out", type=Path, required=True, help="the model directory to write")
    parser.add_argument("--data", type=Path, action="append", default=[], help="a folder of notes/*.txt and codes.tsv")
    parser.add_argument("--tracking", help="MLflow's database, sqlite:///FILE: judge, log, and register what is better")
    parser.add_argument(
        "--in-service", type=Path, help="the suggester in service, to be beaten; the shipped one if none"
    )
    parser.add_argument("--json", type=Path, help="with --tracking: write the figures here too")
    parser.add_argument(
        "--published", action="store_true", help="the notes are published: phrases of a single note may be learned"
    )


def run(args: argparse.Namespace) -> int:
    """Build the artifact; 0 when written. With --tracking it is judged at the gate as well; 2 for unusable input."""
    try:
        if args.tracking:
            from training import coding_gate  # which builds on this module

            return coding_gate.run(args)
        notes = read_training(args.data)
    except FolderError as error:
        raise SystemExit(str(error)) from error
    except BillingError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sha256 = build(args.out, notes, args.published)
    sys.stdout.write(f"coding suggester written: {args.out} sha256 {sha256}\n")
    return 0


@dataclass(frozen=True, slots=True)
class SignedNote:
    """A note, the codes a coder signed, and the evidence the coder pointed at where it was kept."""

    note: LabelledNote
    marks: tuple[Mark, ...] = ()


def read_training(folders: Sequence[Path]) -> list[SignedNote]:
    """The signed notes of the folders. Raises FolderError."""
    found: list[SignedNote] = []
    for folder in folders:
        notes = furnished(folder, read_folder(folder))
        marks = read_marks(folder)
        found += [SignedNote(note, marks.get(note.id, ())) for note in notes]
    return found


@dataclass(frozen=True, slots=True)
class Learned:
    """What data taught: weights and threshold per mille, the practice's own terms; and where the charts were many, the
    charts' part of the artifact (`files`)."""

    weights: Mapping[str, int]
    threshold: int
    house: tuple[Term, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    guided: bool = True
    card: Mapping[str, str] = field(default_factory=dict)


COLD = Learned(COLD_WEIGHTS, COLD_THRESHOLD)


def build(out: Path, notes: Sequence[SignedNote] = (), published: bool = False) -> str:
    """Write the artifact to `out`, learned from the notes where there are any; returns its sha256."""
    sources = _Sources.load()
    sha256 = _write(out, sources, COLD, len(notes))
    if not notes:
        return sha256
    if len(notes) >= MANY:
        return _write(out, sources, _from_charts(Suggester.load(out), notes, published), len(notes))
    labelled = [signed.note for signed in notes]
    known = None if published else known_words(Suggester.load(out).index.vocabulary)
    house = house_terms(labelled, sources.synonyms, known)
    _write(out, sources, Learned(COLD_WEIGHTS, COLD_THRESHOLD, house), len(notes))
    weights = learn_weights(Suggester.load(out), labelled)
    _write(out, sources, Learned(weights, COLD_THRESHOLD, house), len(notes))
    threshold = best_threshold(Suggester.load(out), labelled)
    return _write(out, sources, Learned(weights, threshold, house), len(notes))


def _from_charts(cold: Suggester, notes: Sequence[SignedNote], published: bool) -> Learned:
    """The books, linear scores and reranker of many charts, on top of the cold reading."""
    privacy = PUBLISHED if published else Privacy(PATIENTS, known_words(cold.index.vocabulary))
    examples = [
        Example(
            Chart(
                s.note.id,
                passages(s.note.text, cold.synonyms),
                frozenset(s.note.diagnoses),
                s.marks,
                patient=s.note.owner,
            ),
            cold.cold_drafts(s.note.text, Setting.OUTPATIENT, s.note.age, s.note.sex),
            partial(_as_candidate, s.note),
        )
        for s in notes
    ]
    trained: Trained = train(examples, Tables(cold.index, cold.table), privacy, kept)
    card = {
        "held_out_f1": f"{trained.held_out_f1:.4f}",
        "held_out_candidate_recall": f"{trained.candidate_recall:.4f}",
        "phrases": "published notes: of any note" if published else f"of {PATIENTS} patients or more, known words only",
    }
    files = {**charts_files([e.chart for e in examples], privacy), **trained.files}
    return Learned(COLD_WEIGHTS, trained.threshold, files=files, guided=trained.guided, card=card)


def _as_candidate(note: LabelledNote, code: str) -> float:
    """How much an unsigned candidate counts against itself."""
    return reason_of(note, code).leaf


@dataclass(frozen=True, slots=True)
class _Sources:
    """The files and tables every build begins from."""

    rows: tuple[CodeRow, ...]
    terms: tuple[Term, ...]
    permuted: tuple[Term, ...]
    synonyms: dict[str, tuple[str, ...]]
    synonyms_file: bytes
    procedures_file: bytes
    excludes_file: bytes

    @classmethod
    def load(cls) -> _Sources:
        ours = resources.files("models.coding")
        synonyms_file = ours.joinpath("synonyms.tsv").read_bytes()
        synonyms = read_synonyms(synonyms_file)
        rows, inclusions = tabular_list()
        lexicon = ours.joinpath("lexicon.tsv").read_text(encoding="utf-8")
        own = list(_lexicon_terms(lexicon, synonyms))
        terms = [*own, *_title_terms(rows, inclusions, synonyms)]
        turned = list(_turned(terms))
        conditions, neoplasms = (
            ours.joinpath(name).read_text(encoding="utf-8") for name in ("conditions_by_site.tsv", "neoplasms.tsv")
        )
        pairs = crossed_terms(conditions, neoplasms, synonyms, frozenset(t.words for t in (*own, *turned)))
        return cls(
            rows,
            tuple(terms),
            (*turned, *pairs, *_permuted_terms(rows, synonyms)),
            synonyms,
            synonyms_file,
            ours.joinpath("procedures.toml").read_bytes(),
            excludes_bytes(excludes1()),
        )


def excludes1() -> dict[str, tuple[str, ...]]:
    """The Excludes1 notes of the tabular list, by the code, category, they stand at."""
    import simple_icd_10_cm as tabular

    found: dict[str, tuple[str, ...]] = {}
    for code in tabular.get_all_codes(True):
        if "-" not in code and code[0].isalpha() and not tabular.is_extended_subcategory(code):
            notes = tuple(tabular.get_excludes1(code))
            if notes:
                found[code] = notes
    return found


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


_SAID_OTHERWISE = re.compile(
    r",? (?:unspecified|not otherwise specified|nos|not elsewhere classified)\b|\bunspecified |\([^()]*\)|\[[^][]*\]",
    re.I,
)
_INDEXED = re.compile(r"^(?P<what>[\w-]+(?: [\w-]+)?) of (?:the )?(?P<site>[\w-]+(?: [\w-]+){0,2})$")


def permuted(title: str) -> tuple[str, ...]:
    """The title as the index and clinicians turn it: without asides and "unspecified", the site before the condition.

    >>> permuted("Atrophy of kidney (terminal)")
    ('Atrophy of kidney', 'kidney Atrophy')
    >>> permuted("Toxoplasmosis, unspecified")
    ('Toxoplasmosis',)
    """
    bare = " ".join(_SAID_OTHERWISE.sub("", title).split()).strip(" ,")
    if bare.lower().startswith(("other ", "disorder", "disease")) or len(bare) < 4:
        return ()
    turned = _INDEXED.match(bare)
    named = (bare, f"{turned['site']} {turned['what']}") if turned else (bare,)
    return tuple(name for name in named if name != title)


_HEADS = word_set(
    "mass lesion neoplasm cyst abscess calculus edema fracture hemorrhage metastasis ulcer hernia thrombosis atrophy"
    " swelling infection"
)


def _turned(terms: Sequence[Term]) -> Iterator[Term]:
    """Our own "kidney mass" as running text has it: "mass in the kidney" (joining words are read over)."""
    for term in terms:
        *site, head = term.words.split()
        if term.source is Source.LEXICON and 1 <= len(site) <= 2 and head in _HEADS:
            yield Term(" ".join((head, *site)), term.code, Source.LEXICON)


def _permuted_terms(rows: Sequence[CodeRow], synonyms: Mapping[str, tuple[str, ...]]) -> Iterator[Term]:
    """Permuted titles, for running text: a bag of words knows no order anyway."""
    for row in rows:
        if row.code[0] not in "VWXYZ":
            for title in permuted(row.title):
                normal = normal_phrase(title, synonyms)
                if len(normal) > 3:
                    yield Term(normal, row.code, Source.TITLE)


def _write(out: Path, sources: _Sources, learned: Learned, n_notes: int) -> str:
    terms = [*sources.terms, *learned.house]
    running = [t for t in terms if t.source in (Source.HOUSE, Source.LEXICON) or t.code[0] not in "Z"]
    running = [t for t in running if not (t.source is Source.INCLUSION and t.code[0] in "ST" and " " not in t.words)]
    running += sources.permuted
    files = {
        "icd10cm.tsv": table_bytes(sources.rows),
        "phrases.tsv": phrase_file(running),
        "synonyms.tsv": sources.synonyms_file,
        "procedures.toml": sources.procedures_file,
        "excludes.tsv": sources.excludes_file,
        "weights.json": json.dumps(dict(learned.weights), sort_keys=True, indent=0).encode(),
        **index_files(terms),
        **learned.files,
    }
    return write(
        out,
        files,
        {
            "kind": KIND,
            "code_set_release": RELEASE,
            "release_from": RELEASE_FROM,
            "guided": learned.guided,
            "threshold": learned.threshold,
            "floor": FLOOR,
            "card": {
                "what": "Suggests ICD-10-CM, CPT and HCPCS codes from a clinical note, with evidence. People sign.",
                "made_from": "ICD-10-CM tabular list, our own lexicon, hand-set weights"
                + (f"; weights, threshold and terms learned from {n_notes} notes" if n_notes else ""),
                "notes": n_notes,
                "house_terms": len(learned.house),
                **learned.card,
                "limits": "Problems the author does not name are not coded; rare conditions by title words only.",
            },
        },
    )


def learn_weights(suggester: Suggester, notes: Iterable[LabelledNote]) -> dict[str, int]:
    """Each kind of evidence's share of codes that were signed, drawn towards the cold weight by `_PRIOR` notes.

    A rejected code counts by its reason: more than one that was merely not signed, or not at all.
    """
    offered: Counter[str] = Counter()
    signed: Counter[str] = Counter()
    for note in notes:
        for code, (_, grade) in suggester.considered(note.text, Setting.OUTPATIENT, note.age, note.sex).items():
            right = code in note.diagnoses
            offered[grade] += 1 if right else int(reason_of(note, code).reading)
            signed[grade] += right
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


def house_terms(
    notes: Sequence[LabelledNote], synonyms: Mapping[str, tuple[str, ...]], known: frozenset[str] | None = None
) -> tuple[Term, ...]:
    """Problem headers that this practice signs with one code nearly always, and far more often than by chance.

    Five patients must have it, and where `known` words are given, every word must be one of them.
    """
    from models.coding.note import problem_headers

    seen: Counter[str] = Counter()
    together: Counter[tuple[str, str]] = Counter()
    owners: dict[tuple[str, str], set[str]] = {}
    for note in notes:
        headers = {normal_phrase(note.text[h.start : h.end], synonyms) for h in problem_headers(note.text)}
        for header in sorted(headers - {""}):
            if known is not None and not known.issuperset(header.split()):
                continue
            seen[header] += 1
            for code in sorted(set(note.diagnoses)):
                together[header, code] += 1
                owners.setdefault((header, code), set()).add(note.owner)
    usual = Counter(code for note in notes for code in set(note.diagnoses))
    found: list[Term] = []
    for (header, code), count in sorted(together.items()):
        lift = count * len(notes) > 3 * seen[header] * usual[code]
        if len(owners[header, code]) >= PATIENTS and count >= _HOUSE_SHARE * seen[header] and lift:
            found.append(Term(header, code, Source.HOUSE))
    return tuple(found)
