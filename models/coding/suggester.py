"""From a note to the codes it supports, each with its evidence, its rule, and what speaks against it.

A suggestion is never a code on a claim: a person signs that. Diagnoses follow the ICD-10-CM Official Guidelines
(sections I.B, II.H, IV.G to IV.J), procedures follow `models.coding.procedures`. Score and threshold are per mille and
travel in the artifact; the suggestion that the evaluation counts is the one the screen shows. A note that supports
nothing is answered in the open: `abstained`, with the reason. Same note, same artifact, same answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from billing_core.encounter import CodeSystem, Setting, Span
from models.artifact import Artifact, ArtifactError, open_artifact
from models.coding.candidates import PhraseFinder, TermIndex
from models.coding.code_table import CodeTable
from models.coding.context import Context
from models.coding.evaluation_management import visit_title
from models.coding.evidence import Dictionary, Evidence, Patient, read
from models.coding.excludes import Excludes
from models.coding.guidelines import combined, possible_for, superseded
from models.coding.language import unreadable
from models.coding.learned import MARK, LearnedReading, Ranked
from models.coding.note import NoteError, check_note
from models.coding.procedures import ProcedureRules, find_procedures
from models.coding.reranker import Draft

KIND = "coding"
MAX_SPANS = 3
MAX_COUNTER = 3
AGAIN = 15  # per mille added for each further place that says the same
AGAIN_AT_MOST = 45
AGAINST = 150  # per mille taken where the assessment itself speaks against the code


@dataclass(frozen=True, slots=True)
class CounterEvidence:
    """A mention that speaks against the code: where it stands, and why ("negated", "family", "historical", ...)."""

    span: Span
    context: str


@dataclass(frozen=True, slots=True)
class CodeSuggestion:
    """A code the note supports. `score` is per mille; at most three spans into the original text.

    `rule` says in one sentence why, with its source; it never quotes the note.
    """

    system: CodeSystem
    code: str
    score: int
    spans: tuple[Span, ...]
    rule: str
    counter: tuple[CounterEvidence, ...]
    title: str


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Every suggestion for one note, best first; `abstained` and the `reason` where no diagnosis is suggested."""

    codes: tuple[CodeSuggestion, ...]
    abstained: bool
    reason: str
    note_sha256: str
    artifact_sha256: str


@dataclass(frozen=True, slots=True)
class _Draft:
    """A diagnosis with all that speaks for it, before the guidelines look at the whole."""

    code: str
    score: int
    pro: tuple[Evidence, ...]
    rule: str


PLACES = {
    "header": "Named as a problem in the assessment or plan",
    "sole": "Stated in an assessment without a problem list",
    "stated": "Stated as the author's conclusion",
    "copied": "Stated in text copied from another visit",
    "assessment": "Stated in the text of the assessment",
    "plan": "Stated in the plan",
    "complaint": "Stated in the complaint",
    "history": "Stated in the history",
    "past": "Listed in the past history",
    "social": "Stated in the social history",
    "family": "Listed in the family history",
    "results": "Stated in the results",
    "exam": "Stated in the examination",
    "review": "Stated in the review of systems",
    "medications": "Stated with the medications",
    "unassessed-complaint": "Stated in the complaint of a note without an assessment",
    "unassessed-history": "Stated in the history of a note without an assessment",
    "unsectioned": "Stated in a note without sections",
    "narrative": "Stated in a narrative without sections",
    "cause": "The note tells how the injury happened",
    "charts": "Learned from signed charts",
    "other": "Stated in the note",
}
_SOURCE = "ICD-10-CM guidelines section IV.G and IV.J"


class Suggester:
    """Suggests codes from a note, by the artifact it was loaded from."""

    def __init__(self, artifact: Artifact) -> None:
        if artifact.kind != KIND:
            raise ArtifactError(
                "this is a model of another kind", where="manifest.json", mend=f"Activate a model of kind {KIND!r}."
            )
        files = {name: artifact.read(name) for name in artifact.names}
        try:
            self._load(artifact, files)
        except (KeyError, ValueError, TypeError, IndexError) as error:
            raise ArtifactError(
                "the model lacks what this version needs",
                where="manifest.json",
                mend="Build it again with the cleanclaim-train of this version.",
            ) from error

    def _load(self, artifact: Artifact, files: Mapping[str, bytes]) -> None:
        self.artifact_sha256 = artifact.sha256
        self.code_set_release = str(artifact.manifest["code_set_release"])
        self.threshold = int(artifact.manifest["threshold"])
        self._weights: dict[str, int] = {k: int(v) for k, v in json.loads(files["weights.json"]).items()}
        self._dictionary = Dictionary(
            table=CodeTable(files["icd10cm.tsv"]),
            index=TermIndex(files),
            finder=PhraseFinder(files["phrases.tsv"]),
            synonyms=read_synonyms(files["synonyms.tsv"]),
            floor=int(artifact.manifest["floor"]),
        )
        self._procedures = ProcedureRules.from_bytes(files["procedures.toml"])
        self._excludes = Excludes(files.get("excludes.tsv", b""))
        self._grades = {grade: number for number, grade in enumerate(sorted(self._weights))}
        self._guided_too = bool(artifact.manifest.get("guided", True))
        self.release_from = date.fromisoformat(artifact.manifest.get("release_from", "2025-10-01"))
        words = self._dictionary
        self._learned = LearnedReading(files, words.table, words.index, words.synonyms) if MARK in files else None

    @classmethod
    def load(cls, directory: Path | str) -> Suggester:
        """The suggester of a model directory. Raises models.artifact.ArtifactError."""
        return cls(open_artifact(directory))

    @property
    def table(self) -> CodeTable:
        """The ICD-10-CM table of the model's release."""
        return self._dictionary.table

    def title(self, code: str) -> str:
        """What a code stands for, in the code set's words or in our own; "" where neither has any."""
        ours = (rule.title for rule in self._procedures.rules if rule.code == code)
        return self.table.title(code) if code in self.table else next(ours, "") or visit_title(code)

    def suggest(
        self, text: str, setting: Setting, service_date: date, age: int | None, sex: str, seen: bool | None = None
    ) -> Suggestions:
        """Codes for one note: `age` in years or None, `sex` "F", "M" or "U". Never raises for what the note holds.

        `seen`: whether history shows the patient in this group and specialty within three years; None: it does not say.
        """
        data = text.encode("utf-8", "surrogatepass")
        sha = hashlib.sha256(data).hexdigest()
        try:
            check_note(data)
        except NoteError as error:
            return Suggestions((), True, str(error), sha, self.artifact_sha256)
        if why := unreadable(text):
            return Suggestions((), True, why, sha, self.artifact_sha256)
        patient = Patient(setting, age, sex)
        evidence = read(text, self._dictionary, patient)
        drafts = self._considered(text, evidence, patient, service_date)
        diagnoses = [d for d in drafts if d.score >= self.threshold]
        codes = tuple(self._suggestion(draft, evidence) for draft in sorted(diagnoses, key=_order))
        problems = tuple(dict.fromkeys(c.spans[0] for c in codes if c.code[0] not in "VWXY"))
        procedures = tuple(
            CodeSuggestion(p.system, p.code, p.score, p.spans, p.rule, (), p.title)
            for p in find_procedures(text, self._procedures, patient, service_date, problems, seen)
        )
        codes += self._immunization(codes, procedures)
        reason = "" if codes else _why_nothing(drafts, evidence)
        return Suggestions(codes + procedures, not codes, reason, sha, self.artifact_sha256)

    def _immunization(
        self, codes: Sequence[CodeSuggestion], procedures: Sequence[CodeSuggestion]
    ) -> tuple[CodeSuggestion, ...]:
        """Z23 beside a vaccine given, where the author did not list it (guideline I.C.21.c.2)."""
        given = [p for p in procedures if p.code in ("90471", "G0008")]
        if not given or any(c.code == "Z23" for c in codes):
            return ()
        rule = "A vaccine was given at this visit (guideline I.C.21.c.2)."
        spans = given[0].spans
        return (CodeSuggestion(CodeSystem.ICD10CM, "Z23", given[0].score, spans, rule, (), self.table.title("Z23")),)

    def ranked(
        self, text: str, setting: Setting, service_date: date, age: int | None, sex: str
    ) -> tuple[tuple[str, int], ...]:
        """Every candidate (code, parts per million) before the threshold, the most probable first."""
        patient = Patient(setting, age, sex)
        evidence = read(text, self._dictionary, patient)
        if self._learned is None:
            drafts = sorted(self._drafts(evidence), key=lambda d: (-d.score, d.pro[0].start, d.code))
            return tuple((d.code, 1000 * d.score) for d in drafts)
        return tuple((r.code, r.probability) for r in self._rank(text, evidence, patient, service_date))

    def considered(self, text: str, setting: Setting, age: int | None, sex: str) -> dict[str, tuple[int, str]]:
        """{diagnosis code: (score, grade of its best evidence)} of the cold reading, before the threshold."""
        drafts = self._drafts(read(text, self._dictionary, Patient(setting, age, sex)))
        return {d.code: (d.score, d.pro[0].grade) for d in drafts}

    def cold_drafts(self, text: str, setting: Setting, age: int | None, sex: str) -> dict[str, Draft]:
        """What the cold reading says of each code: the reranker's columns on it."""
        return self._cold(read(text, self._dictionary, Patient(setting, age, sex)))

    @property
    def synonyms(self) -> Mapping[str, tuple[str, ...]]:
        """The words that are read as other words."""
        return self._dictionary.synonyms

    @property
    def index(self) -> TermIndex:
        """The code set's terms."""
        return self._dictionary.index

    def _cold(self, evidence: Sequence[Evidence]) -> dict[str, Draft]:
        against: dict[str, int] = {}
        for item in evidence:
            against[item.code] = against.get(item.code, 0) + (item.context is not None)
        return {
            code: Draft(
                d.score, self._grades.get(d.pro[0].grade, 0), len(d.pro), against[code], d.pro[0].start, d.pro[0].end
            )
            for code, d in self._before_guidelines(evidence).items()
        }

    def _rank(
        self, text: str, evidence: Sequence[Evidence], patient: Patient, service_date: date, shown_from: int = 0
    ) -> list[Ranked]:
        """The trained reading's candidates that this patient can have and that may be billed on the day.

        A code that only the charts know (of an older release) is offered for days before the release alone.
        """
        assert self._learned is not None
        older = service_date < self.release_from
        return [
            r
            for r in self._learned.rank(text, self._cold(evidence), shown_from)
            if possible_for(r.code, patient.sex, patient.age) and (older or self.table.billable(r.code))
        ]

    def _considered(
        self, text: str, evidence: Sequence[Evidence], patient: Patient, service_date: date
    ) -> list[_Draft]:
        if self._learned is None:
            return self._drafts(evidence)
        drafts: dict[str, _Draft] = {}
        least = 1000 * self.threshold
        for ranked in self._rank(text, evidence, patient, service_date, least):
            if ranked.probability < least:
                break
            pro = tuple(Evidence(ranked.code, start, end, "charts", ranked.reason) for start, end in ranked.places)
            rule = f"{PLACES['charts']}: {ranked.reason}."
            drafts[ranked.code] = _Draft(ranked.code, ranked.probability // 1000, pro, rule)
        return self._guided(drafts) if self._guided_too else list(drafts.values())

    def _weight(self, evidence: Evidence) -> int:
        return self._weights.get(evidence.grade, 0)

    def _drafts(self, evidence: Sequence[Evidence]) -> list[_Draft]:
        """One draft per code with evidence for it, the guidelines applied."""
        return self._guided(self._before_guidelines(evidence))

    def _before_guidelines(self, evidence: Sequence[Evidence]) -> dict[str, _Draft]:
        pro: dict[str, list[Evidence]] = {}
        against: dict[str, int] = {}
        for item in evidence:
            if item.context is None:
                pro.setdefault(item.code, []).append(item)
            elif item.context is Context.NEGATED and item.grade.startswith(("header", "assessment", "sole")):
                against[item.code] = AGAINST
        return {code: self._draft(code, items, against.get(code, 0)) for code, items in sorted(pro.items())}

    def _draft(self, code: str, items: list[Evidence], against: int) -> _Draft:
        ordered = tuple(sorted(items, key=lambda e: (-self._weight(e), e.start, e.end)))
        best = ordered[0]
        places = {(e.start, e.end) for e in ordered}
        score = min(990, self._weight(best) + min(AGAIN_AT_MOST, AGAIN * (len(places) - 1)) - against)
        place = PLACES[best.grade.split(".")[0]]
        rule = f"{place}; {best.reason} ({_SOURCE})."
        return _Draft(code, max(0, score), ordered, rule)

    def _guided(self, drafts: dict[str, _Draft]) -> list[_Draft]:
        """The drafts after the combinations and the codes that give way; only codes above the threshold have a say."""
        strong = {code: d.score for code, d in drafts.items() if d.score >= self.threshold}
        for rule, causes in combined(strong):
            backing = [drafts[c] for c in causes]
            pro = tuple(b.pro[0] for b in backing)
            drafts[rule.code] = _Draft(rule.code, min(b.score for b in backing), pro, f"{rule.reason} (ICD-10-CM).")
            for code in rule.replaced:
                drafts.pop(code, None)
            strong = {code: d.score for code, d in drafts.items() if d.score >= self.threshold}
        narrative = any(d.pro[0].grade.startswith("narrative.") for d in drafts.values())
        gone = superseded(strong, symptoms_too=not narrative)
        if not narrative:  # a narrative spans encounters: what one excludes, another may hold
            gone |= self._excludes.giving_way({code: score for code, score in strong.items() if code not in gone})
        injured = any(code[0] in "ST" and code.endswith("A") for code in strong)
        return [d for code, d in drafts.items() if code not in gone and (injured or code[0] not in "VWXY")]

    def _suggestion(self, draft: _Draft, evidence: Sequence[Evidence]) -> CodeSuggestion:
        spans: list[Span] = []
        for item in draft.pro:
            span = Span(item.start, item.end)
            if span not in spans and len(spans) < MAX_SPANS:
                spans.append(span)
        counter: dict[Span, str] = {}
        for item in sorted(evidence, key=lambda e: (e.start, e.end)):
            if item.code == draft.code and item.context is not None and len(counter) < MAX_COUNTER:
                counter.setdefault(Span(item.start, item.end), item.context.value)
        return CodeSuggestion(
            CodeSystem.ICD10CM,
            draft.code,
            draft.score,
            tuple(spans),
            draft.rule,
            tuple(CounterEvidence(span, context) for span, context in counter.items()),
            self.table.title(draft.code),
        )


def _order(draft: _Draft) -> tuple[int, int, str]:
    """Problems before mentions, then as the author ordered them: the first-listed diagnosis is the visit's reason."""
    return (0 if draft.pro[0].grade.startswith("header") else 1, draft.pro[0].start, draft.code)


def _why_nothing(drafts: Sequence[_Draft], evidence: Sequence[Evidence]) -> str:
    if drafts or any(e.context is None for e in evidence):
        return "Conditions are mentioned, but none firmly enough to suggest: no problem in an assessment names a code."
    if evidence:
        return "Every condition mentioned is denied, past, uncertain or another person's."
    return "No condition of the code set is named in this text."


def read_synonyms(data: bytes) -> dict[str, tuple[str, ...]]:
    """{word: normal words} of a synonyms file: two columns, '#' begins a comment line."""
    table: dict[str, tuple[str, ...]] = {}
    for line in data.decode().splitlines():
        if line and not line.startswith("#"):
            word, normal = line.split("\t")
            table[word] = tuple(normal.split())
    return table
