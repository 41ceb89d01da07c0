"""What the note says for and against each code: problems named, mentions in text, and the context of each.

Two readings. A problem header (the author's own list of what was treated, which guideline IV.G asks to be coded) is
matched as a whole, then by its parts. Running text is searched for dictionary phrases. Every piece of evidence keeps
its place: text[start:end], the kind of place, how it matched, and the context that may speak against it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from billing_core.encounter import Setting
from models.coding.candidates import (
    COURSE,
    OWN,
    STOP_WORDS,
    Match,
    Mention,
    PhraseFinder,
    Source,
    TermIndex,
    bag,
    side_of,
)
from models.coding.code_table import CodeTable
from models.coding.context import Coloured, Context, context_of, contexts
from models.coding.external_cause import causes
from models.coding.guidelines import (
    CONFIRMED_ONLY,
    FAMILY_CODES,
    HISTORY_CODES,
    PAIN_PREFIXES,
    by_control,
    by_prefix,
    is_chronic,
    is_symptom,
    possible_for,
)
from models.coding.leaf import Leaf, leaves
from models.coding.note import Header, Kind, Section, Sentence, problem_headers, sections, sentences
from models.coding.words import Word, word_set, words

EXACT, STRONG = 950, 780  # agreement per mille: the same words; nearly so


@dataclass(frozen=True, slots=True)
class Patient:
    """What of the visit changes the coding: setting, age in years, sex ("F", "M", "U")."""

    setting: Setting
    age: int | None
    sex: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """text[start:end] speaks for `code`; or against it where `context` is set.

    `grade` is "place.match", the key of the artifact's weights; `reason` says in words how it was read.
    """

    code: str
    start: int
    end: int
    grade: str
    reason: str
    context: Context | None = None


@dataclass(frozen=True, slots=True)
class Dictionary:
    """The tables a reading needs; made once from the artifact."""

    table: CodeTable
    index: TermIndex
    finder: PhraseFinder
    synonyms: dict[str, tuple[str, ...]]
    floor: int  # the least agreement, per mille, at which a header may name a code


@dataclass(frozen=True, slots=True)
class _Reading:
    """One note being read."""

    text: str
    dictionary: Dictionary
    patient: Patient
    complaint: str
    complaint_words: tuple[str, ...]
    note_words: tuple[str, ...]

    def words(self, start: int, end: int) -> list[Word]:
        return words(self.text, self.dictionary.synonyms, start, end)


def read(text: str, dictionary: Dictionary, patient: Patient) -> list[Evidence]:
    """All evidence of the note, in no particular order."""
    parts = sections(text)
    complaint = _complaint(text, parts)
    normal = tuple(w.normal for w in words(complaint, dictionary.synonyms))
    everything = tuple(w.normal for w in words(text, dictionary.synonyms))
    reading = _Reading(text, dictionary, patient, complaint, normal, everything)
    headers = problem_headers(text, parts)
    found: list[Evidence] = []
    for header in headers:
        found.extend(_from_header(reading, header))
    named = any(_stands(e.context, patient) for e in found)
    places = _narrative_places() if is_narrative(text, parts) else _places(parts, named)
    said = sentences(text, parts)
    for sentence in said:
        found.extend(_from_sentence(reading, sentence, headers, places.get(sentence.kind, "")))
    if any(e.code[0] in "ST" for e in found):
        found.extend(
            Evidence(c.code, c.start, c.end, c.grade, "voluntary, beside an injury (guideline I.C.20)")
            for c in causes(text, said)
        )
    found = _without_guesswork(found)
    return [e for e in found if possible_for(e.code, patient.sex, patient.age)]


_GUESSES = ("unsectioned.", "unassessed-")


def _without_guesswork(found: list[Evidence]) -> list[Evidence]:
    """Where the author states a conclusion, a note without an assessment is not searched for others."""
    if not any(e.grade.startswith("stated.") and e.context is None for e in found):
        return found
    return [replace(e, grade="other.phrase") if e.grade.startswith(_GUESSES) else e for e in found]


def _complaint(text: str, parts: Sequence[Section]) -> str:
    chosen = [p for p in parts if p.kind is Kind.COMPLAINT] or [p for p in parts if p.kind is Kind.HISTORY]
    chosen = chosen or list(parts[:1])
    return text[chosen[0].start : min(chosen[0].end, chosen[0].start + 400)] if chosen else ""


_NARRATIVE_LENGTH = 350  # characters
_NARRATIVE_SHARE = 0.6  # of the text outside any section
_TOLD = (Kind.NONE, Kind.COMPLAINT, Kind.HISTORY, Kind.EXAM, Kind.RESULTS, Kind.PAST, Kind.OTHER, Kind.PROCEDURE)


def is_narrative(text: str, parts: Sequence[Section]) -> bool:
    """Whether the note tells a case from first complaint to outcome without sections or an assessment of its own.

    Such a text (a discharge letter, a referral, a case report) spans several encounters: what it states of the patient
    is read wherever it stands, and a symptom is not taken to belong to a disease found later (guideline I.B.5).
    """
    if any(p.kind in (Kind.ASSESSMENT, Kind.PLAN) for p in parts) or len(text) < _NARRATIVE_LENGTH:
        return False
    outside = sum(p.end - p.start for p in parts if p.kind in (Kind.NONE, Kind.OTHER))
    return outside >= _NARRATIVE_SHARE * len(text)


def _narrative_places() -> dict[Kind, str]:
    return dict.fromkeys(_TOLD, "narrative") | {Kind.FAMILY: "family", Kind.COPIED: "copied", Kind.SURGICAL: "past"}


def _places(parts: Sequence[Section], named: bool) -> dict[Kind, str]:
    """What a mention in each kind of section is worth, by name; without an assessment, what there is is read."""
    kinds = {p.kind for p in parts}
    places = {
        Kind.ASSESSMENT: "assessment" if named else "sole",
        Kind.PLAN: "plan" if named or Kind.ASSESSMENT in kinds else "sole",
        Kind.COMPLAINT: "complaint",
        Kind.HISTORY: "history",
        Kind.PAST: "past",
        Kind.SURGICAL: "past",
        Kind.SOCIAL: "social",
        Kind.FAMILY: "family",
        Kind.RESULTS: "results",
        Kind.EXAM: "exam",
        Kind.REVIEW: "review",
        Kind.OTHER: "other",
        Kind.NONE: "other",
        Kind.PROCEDURE: "other",
        Kind.MEDICATIONS: "medications",
        Kind.COPIED: "copied",
    }
    if not kinds & {Kind.ASSESSMENT, Kind.PLAN}:
        places |= {Kind.COMPLAINT: "unassessed-complaint", Kind.HISTORY: "unassessed-history", Kind.NONE: "unsectioned"}
    return places


# --- problem headers ---------------------------------------------------------------------------------------------

_PIECES = re.compile(
    r"\s*(?:[,;/+]|\band\b|&|\bwith\b(?! (?:diabetic|acute exacerbation|exacerbation))|\bw/(?!o)|\bin the setting"
    r" of\b"
    r"|\bdue to\b|\bsecondary to\b|\b2/2\b|\bassociated with\b|\bfrom\b|\bplus\b|\bbut\b|\bconcerning for\b"
    r"|\bvs\.?\b)\s*",
    re.I,
)
_CAUSE = re.compile(r"\b(?:due to|secondary to|2/2|from|consistent with|caused by)\b", re.I)
_CODE = re.compile(r"\b([A-TV-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?)\b")
_STATED = re.compile(
    r"(?:^|\b)(?:(?:my |our |the |final |working )?(?:impression|diagnosis|assessment) (?:is|was|today is)"
    r"|in summary|in short"
    r"|(?:i|we) (?:believe|think|feel) (?:that )?(?:this|it|he|she)|diagnosed (?:today )?with|(?:findings"
    r"|picture) (?:is|are) (?:that|those) of"
    r"|(?:here|seen today) (?:for|with) (?:follow[- ]?up (?:of|on) )|overall,? this is)\b",
    re.I,
)
_PARENTHESIS = re.compile(r"\([^()\n]{0,80}\)|\[[^\[\]\n]{0,80}\]")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of a header with its words, its context, and the code its words name best."""

    start: int
    end: int
    match: Match | None
    context: Context | None


def _from_header(reading: _Reading, header: Header) -> Iterator[Evidence]:
    written = list(_written_codes(reading, header))
    if written:
        yield from written
        return
    coloured = contexts(reading.text, header.start, header.end, Kind.ASSESSMENT)
    pieces = _chosen_pieces(reading, header, coloured)
    disease = any(p.match and not is_symptom(p.match.code) and _stands(p.context, reading.patient) for p in pieces)
    caused = bool(_CAUSE.search(reading.text, header.start, header.end))
    for piece in pieces:
        if piece.match is None:
            continue
        if caused and disease and is_symptom(piece.match.code):
            continue  # guideline I.B.5: a symptom explained by the diagnosis beside it
        yield from _of_piece(reading, header, piece)
    for mention in _header_mentions(reading, header, coloured):
        if mention.match and mention.match.code.startswith(_STATUS) and mention not in pieces:
            yield from _of_piece(reading, header, mention)


def _written_codes(reading: _Reading, header: Header) -> Iterator[Evidence]:
    """A code that the author wrote beside the problem ("Essential hypertension (I10)")."""
    line_end = reading.text.find("\n", header.end)
    end = min(header.end + 40, len(reading.text) if line_end < 0 else line_end)
    for match in _CODE.finditer(reading.text, header.start, max(header.end, end)):
        code = match.group(1)
        if reading.dictionary.table.billable(code) and ("." in code or match.start() >= header.end - len(code) - 1):
            yield Evidence(
                code, header.start, match.end(), "header.written", "the author wrote the code beside the problem"
            )


def _chosen_pieces(reading: _Reading, header: Header, coloured: list[Coloured]) -> list[_Piece]:
    """The header as one problem where its words agree with one code; else its parts; else the phrases in it."""
    whole = _piece(reading, header.start, header.end, coloured)
    turns = _turns(header, coloured)
    if whole.match and whole.match.agreement >= EXACT:
        return [whole]
    parts = [_piece(reading, s, e, coloured) for s, e in _split(reading.text, header.start, header.end, turns)]
    named = [p for p in parts if p.match]
    if len(parts) > 1 and all(p.match and p.match.agreement >= EXACT for p in parts):
        return parts
    if whole.match and whole.match.agreement >= STRONG and not turns:
        return [whole]
    floor = reading.dictionary.floor
    best_part = max((p.match.agreement for p in named if p.match), default=0)
    best_whole = whole.match.agreement if whole.match else 0
    if len(parts) > 1 and ((best_part >= STRONG and best_part > best_whole) or (turns and best_part >= floor)):
        return [p for p in named if p.match and p.match.agreement >= floor]
    mentions = _header_mentions(reading, header, coloured)
    if mentions and best_whole < STRONG and _covers_more(reading, mentions, whole):
        return mentions
    if best_whole >= floor:
        return [whole]
    return [p for p in named if p.match and p.match.agreement >= floor] or mentions


def _covers_more(reading: _Reading, mentions: Sequence[_Piece], whole: _Piece) -> bool:
    """Whether whole phrases of the dictionary account for more of the header than the bag of words does."""
    if whole.match is None:
        return True
    weigh = reading.dictionary.index.weight
    said = sum(weigh(w.normal) for m in mentions for w in reading.words(m.start, m.end))
    all_words = sum(weigh(w) for w in bag(x.normal for x in reading.words(whole.start, whole.end)))
    return 1000 * said >= whole.match.agreement * max(1, all_words)


def _header_mentions(reading: _Reading, header: Header, coloured: list[Coloured]) -> list[_Piece]:
    found = reading.dictionary.finder.find(reading.words(header.start, header.end))
    return [_Piece(m.start, m.end, Match(m.code, 0, m.source, ""), context_of(coloured, m.start, m.end)) for m in found]


def _turns(header: Header, coloured: Sequence[Coloured]) -> list[int]:
    """Where doubt or denial sets in after the first words: "shoulder pain, likely tendinitis" is two statements."""
    doubts = (Context.UNCERTAIN, Context.NEGATED)
    return sorted(
        {c.trigger_start for c in coloured if c.context in doubts and header.start < c.trigger_start < c.start}
    )


def _split(text: str, start: int, end: int, turns: Sequence[int] = ()) -> Iterator[tuple[int, int]]:
    """The parts of a header: between its commas and joining words, and before each turn."""
    for turn in [t for t in turns if start < t < end][:1]:
        yield from _split(text, start, turn)
        yield from _split(text, turn, end, turns[1:])
        return
    at = start
    for match in _PIECES.finditer(text, start, end):
        if match.start() > at:
            yield at, match.start()
        at = max(at, match.end())
    if at < end:
        yield at, end


def _piece(reading: _Reading, start: int, end: int, coloured: list[Coloured]) -> _Piece:
    """The best code for text[start:end]. Words of a context ("history of") are tried first as part of a term."""
    dictionary, patient = reading.dictionary, reading.patient
    match = _best_match(dictionary, patient, [w.normal for w in reading.words(start, end)])
    if match is None or match.agreement < EXACT:  # an aside may be left out, where the rest says more without it
        shown = _PARENTHESIS.sub(lambda m: " " * len(m.group()), reading.text[start:end])
        bare = _best_match(dictionary, patient, [w.normal for w in words(shown, dictionary.synonyms)])
        match = max((m for m in (match, bare) if m), key=lambda m: m.agreement, default=None)
    triggers = [c for c in coloured if start <= c.trigger_start and c.trigger_end <= end]
    if match and match.agreement >= EXACT:
        named = frozenset(match.words.split())  # "history of gout" is itself a term: its trigger colours nothing
        inside = [c for c in triggers if _trigger_words(reading, c) <= named]
        if triggers and len(inside) == len(triggers):
            outside = [c for c in coloured if c not in triggers]
            return _Piece(start, end, match, context_of(outside, start, end))
    context = context_of(coloured, end - 1, end) if triggers else context_of(coloured, start, end)
    if triggers:
        match = _best_match(dictionary, patient, _without(reading, start, end, triggers)) or match
        context = context or context_of(triggers, triggers[0].start, triggers[0].start + 1)
    return _Piece(start, end, match, context)


def _trigger_words(reading: _Reading, coloured: Coloured) -> set[str]:
    found = reading.words(coloured.trigger_start, coloured.trigger_end)
    return {w.normal for w in found} - STOP_WORDS


def _without(reading: _Reading, start: int, end: int, triggers: Sequence[Coloured]) -> list[str]:
    return [
        w.normal
        for w in reading.words(start, end)
        if not any(c.trigger_start <= w.start and w.end <= c.trigger_end for c in triggers)
    ]


_REASONS_FOR_VISIT = ("Z0", "Z1", "Z2", "Z3", "Z4", "Z5", "Z71", "Z76")  # named in full or not at all
_STATUS = ("Z79", "Z99")  # "atrial fibrillation on apixaban" names a disease and a long-term drug
_NOT_FROM_HEADERS = ("O", "P", "T36", "T37", "T38", "T39", "T4", "T50", "V", "W", "X", "Y", "Z")


def _best_match(dictionary: Dictionary, patient: Patient, normal: Sequence[str]) -> Match | None:
    """The best term for the words, of the codes this patient can have; rare chapters only by our own lexicon."""
    if not any(len(w) > 2 and w.isalpha() for w in normal) and not dictionary.finder.exact(" ".join(normal)):
        return None  # "C5-6" or "x 2" names no disease
    exact = _exact(dictionary, normal)
    if exact is not None and possible_for(exact.code, patient.sex, None):
        return exact
    for match in dictionary.index.best(normal):
        if match.agreement < dictionary.floor:
            return None
        lexical = match.source in OWN or match.agreement >= EXACT
        if match.code.startswith(_NOT_FROM_HEADERS) and not lexical:
            continue
        if match.code.startswith(("Z", "R7", "R8", "R9")) and match.agreement < EXACT:
            continue  # a reason for a visit or an abnormal result is named in full: "TSH" alone is a test to do
        if match.code.startswith("O") and patient.sex == "M":
            continue
        if possible_for(match.code, patient.sex, None):
            return match
    return None


def _exact(dictionary: Dictionary, normal: Sequence[str]) -> Match | None:
    """Our own term of exactly these words in this order, words of course set aside if need be."""
    for said in (tuple(normal), tuple(w for w in normal if w not in COURSE)):
        found = dictionary.finder.exact(" ".join(said))
        if found is not None and found[1] in OWN:
            return Match(found[0], 1000, found[1], " ".join(said))
    return None


def _stands(context: Context | None, patient: Patient) -> bool:
    """Whether a mention in this context is coded: uncertain diagnoses in inpatient care only (II.H against IV.H)."""
    return context is None or (context is Context.UNCERTAIN and patient.setting is Setting.INPATIENT)


def _coded_though_uncertain(code: str, context: Context | None, patient: Patient) -> bool:
    """Guidelines II.H and III.C, inpatient care only; HIV, COVID-19, Zika and novel influenza must be confirmed."""
    uncertain = context is Context.UNCERTAIN and patient.setting is Setting.INPATIENT
    return uncertain and not code.startswith(CONFIRMED_ONLY)


def _of_piece(reading: _Reading, header: Header, piece: _Piece) -> Iterator[Evidence]:
    match = piece.match
    assert match is not None
    code, context, note = _after_history(match.code, piece.context)
    if _coded_though_uncertain(code, context, reading.patient):
        context, note = None, "uncertain at discharge is coded as if it existed (guideline II.H)"
    side, side_note = _side(reading, header, piece, code)
    normal = [w.normal for w in reading.words(piece.start, piece.end)]
    said = reading.text[header.start : header.end]
    code = by_control(code, said)
    chosen = leaves(reading.dictionary.table, code, normal, side, aftercare=reading.complaint, said=said)
    grade = "header." + _how(match)
    for leaf in chosen:
        reason = "; ".join(x for x in (_source_words(match), note, side_note, leaf.reason) if x)
        yield Evidence(leaf.code, piece.start, piece.end, grade, reason, context)
    yield from _chronic_pain(piece, chosen, normal, grade, context)


def _how(match: Match) -> str:
    if match.agreement == 0:
        return "phrase"
    return "exact" if match.agreement >= EXACT else "strong" if match.agreement >= STRONG else "fair"


def _source_words(match: Match) -> str:
    near = "its words are" if match.agreement >= EXACT else "its words are close to"
    if match.agreement == 0:
        near = "it holds"
    name = {
        Source.HOUSE: "a term this practice signs with that code, a term",
        Source.LEXICON: "a clinician's term",
        Source.TITLE: "the title",
        Source.INCLUSION: "an inclusion term",
    }
    return f"{near} {name[match.source]} of the code"


def _after_history(code: str, context: Context | None) -> tuple[str, Context | None, str]:
    """What "history of X" and "family history of X" become: a Z code, the disease one lives with, or"
    " counter-evidence."""
    if code.startswith("Z"):
        return code, None if context in (Context.HISTORICAL, Context.HYPOTHETICAL) else context, ""
    if context is Context.FAMILY:
        family = by_prefix(FAMILY_CODES, code)
        return (
            (family, None, "a relative's disease is a family history code (I.C.21.c.4)")
            if family
            else (code, context, "")
        )
    if context in (Context.HISTORICAL, Context.RESOLVED):
        if is_chronic(code) and context is Context.HISTORICAL:
            return code, None, "a disease one lives with, listed as a problem, is current (guideline IV.I)"
        past = by_prefix(HISTORY_CODES, code)
        if past:
            return past, None, "a disease that is over is a personal history code (I.C.21.c.4)"
    return code, context, ""


def _side(reading: _Reading, header: Header, piece: _Piece, code: str) -> tuple[str, str]:
    """The side the piece, its header, or the complaint about the same thing gives."""
    own = side_of(w.normal for w in reading.words(piece.start, piece.end))
    if own:
        return own, ""
    whole = side_of(w.normal for w in reading.words(header.start, header.end))
    if whole:
        return whole, ""
    topic = {w.normal for w in reading.words(piece.start, piece.end)} - COURSE
    said = reading.complaint_words
    nearby = [w for i, w in enumerate(said) if topic & set(said[max(0, i - 3) : i + 4])]
    found = side_of(nearby) or (side_of(said[:12]) if _same_region(code, said) else "")
    if found:
        return found, "side from the complaint"
    found = _side_in_note(reading, topic)
    return found, "side as everywhere else in the note" if found else ""


def _side_in_note(reading: _Reading, topic: set[str]) -> str:
    """The one side that the note ever gives the header's own site words ("left ovary"); "" where it gives both"
    " or none."""
    sites = topic & _SITES
    if not sites:
        return ""
    said = reading.note_words
    named = {
        said[i - 1]
        for i, word in enumerate(said)
        if word in sites and i and said[i - 1] in ("right", "left", "bilateral")
    }
    return side_of(named) if len(named) == 1 else ""


_SITES = word_set(
    "knee hip shoulder elbow wrist hand thumb finger ankle foot heel toe ear eye breast ovary kidney testis lung"
    " arm leg"
    " forearm thigh calf clavicle femur humerus tibia fibula radius ulna patella metatarsal metacarpal"
    " hamstring"
)


_REGIONS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("M17", "M22", "M23", "S80", "S82.0", "S83", "M25.56", "M25.46"), "knee"),
    (("M75", "S42", "S43", "S46", "M25.51", "M19.01"), "shoulder"),
    (("M16", "M70.6", "S72", "M25.55"), "hip"),
    (("M77.0", "M77.1", "S53", "M25.52", "M70.2"), "elbow"),
    (("G56", "S62", "S63", "S52.5", "M25.53", "M65.4", "M18", "S61"), "wrist hand thumb finger"),
    (("S93", "S82.8", "S82.6", "M25.57", "M76", "S92", "M72.2", "M79.67"), "ankle foot heel toe"),
    (("H66", "H60", "H61", "H65", "H92"), "ear"),
    (("H10", "H11", "H00", "S05", "H25"), "eye"),
)


def _same_region(code: str, said: Sequence[str]) -> bool:
    return any(code.startswith(prefixes) and set(names.split()) & set(said[:12]) for prefixes, names in _REGIONS)


def _chronic_pain(
    piece: _Piece, chosen: Sequence[Leaf], normal: Sequence[str], grade: str, context: Context | None
) -> Iterator[Evidence]:
    """A pain the author calls chronic takes G89.29 beside its site (guideline I.C.6.b.1.b)."""
    if "chronic" in normal and any(leaf.code.startswith(PAIN_PREFIXES) for leaf in chosen) and context is None:
        yield Evidence("G89.29", piece.start, piece.end, grade, "a pain called chronic (guideline I.C.6.b.1.b)")


# --- running text ------------------------------------------------------------------------------------------------


def _from_sentence(reading: _Reading, sentence: Sentence, headers: Sequence[Header], place: str) -> Iterator[Evidence]:
    if not place:
        return
    normal = reading.words(sentence.start, sentence.end)
    mentions = reading.dictionary.finder.find(normal)
    if not mentions:
        return
    coloured = contexts(reading.text, sentence.start, sentence.end, sentence.kind)
    if place not in ("sole", "past") and _STATED.search(reading.text, sentence.start, sentence.end):
        place = "stated"
    for mention in mentions:
        if any(h.start <= mention.start and mention.end <= h.end for h in headers):
            continue
        if not _written_as_abbreviation(reading.text[mention.start : mention.end]):
            continue
        yield from _of_mention(reading, mention, normal, context_of(coloured, mention.start, mention.end), place)


def _written_as_abbreviation(said: str) -> bool:
    """Whether short letters in running text are an abbreviation: "MS" is a disease, "Ms." is a title."""
    return len(said.removesuffix("s")) > 3 or not said.isalpha() or said.isupper()


_NOT_TOLD = (*_REASONS_FOR_VISIT, "Z99.2")  # a treatment told of is not the reason for this visit, nor a dependence


def _of_mention(
    reading: _Reading, mention: Mention, normal: Sequence[Word], context: Context | None, place: str
) -> Iterator[Evidence]:
    if place == "narrative" and mention.code.startswith(_NOT_TOLD):
        return
    code, context, note = _after_history(mention.code, context)
    if place in ("sole", "assessment") and _coded_though_uncertain(code, context, reading.patient):
        context, note = None, "uncertain at discharge is coded as if it existed (guideline II.H)"
    near = [w.normal for w in normal if mention.start - 40 <= w.start and w.end <= mention.end + 20]
    side = side_of(near)
    if side == "B" and "bilateral" not in near:
        side = side_of(w.normal for w in normal if mention.start - 15 <= w.start < mention.end)
    inside = [w.normal for w in normal if mention.start <= w.start and w.end <= mention.end]
    said = reading.text[mention.start : mention.end]
    for leaf in leaves(reading.dictionary.table, code, inside, side, aftercare=reading.complaint, said=said):
        how = "phrase" if mention.source in OWN else "title"
        words_of = _source_words(Match(code, 0, mention.source, ""))
        reason = "; ".join(x for x in (words_of, note, leaf.reason) if x)
        yield Evidence(leaf.code, mention.start, mention.end, f"{place}.{how}", reason, context)
