"""A clinical note as its author laid it out: sections, problem headers, sentences; each with exact character offsets.

Notes have no standard form, so the layout is read from habits: headings in capitals or with a colon, numbered and
bulleted problems, a short line that stands alone above its plan. Section names follow the LOINC names of the parts of
a history and physical (CC, HPI, PMH, ROS, PE, A/P) and their common short forms. `text[start:end]` is always the
original text: nothing is rewritten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from billing_core.errors import BillingError

MAX_BYTES = 1 << 20
_CONTROL_SHARE = 0.02  # more control characters than this and the file is not text


class NoteError(BillingError):
    """A note that cannot be read: empty, not text, or too large. `mend` says what to do."""


class Kind(StrEnum):
    """What part of the note a section is."""

    COMPLAINT = "complaint"
    HISTORY = "history"
    PAST = "past"
    SURGICAL = "surgical"
    FAMILY = "family"
    SOCIAL = "social"
    MEDICATIONS = "medications"
    ALLERGIES = "allergies"
    REVIEW = "review"
    EXAM = "exam"
    RESULTS = "results"
    ASSESSMENT = "assessment"
    PLAN = "plan"
    PROCEDURE = "procedure"
    INSTRUCTIONS = "instructions"
    COPIED = "copied"  # carried forward from another visit: not evidence of this one
    OTHER = "other"
    NONE = "none"  # text before any heading


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the note: its body is text[start:end] (the heading is not in it)."""

    kind: Kind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """text[start:end], and the kind of section it stands in."""

    start: int
    end: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class Header:
    """A problem as the author named it in the assessment or plan: text[start:end]."""

    start: int
    end: int


HEADINGS: tuple[tuple[Kind, str], ...] = (
    (
        Kind.COMPLAINT,
        "chief complaint|chief complaints|cc|reason for visit|reason for consultation|presenting complaint"
        "|presenting problem|reason for appointment|visit reason",
    ),
    (
        Kind.HISTORY,
        "history of present illness|hpi|history|interval history|subjective|s|present illness|interim history"
        "|history of presenting illness|history of the present illness|hospital course",
    ),
    (
        Kind.PAST,
        "past medical history|medical history|pmh|pmhx|past history|problem list|active problems|active problem list"
        "|chronic problems|past medical hx|pertinent medical history|comorbidities",
    ),
    (Kind.SURGICAL, "past surgical history|surgical history|psh|pshx|surgeries|procedure history"),
    (Kind.FAMILY, "family history|fh|fhx|family hx|fam hx|family medical history"),
    (Kind.SOCIAL, "social history|sh|shx|social hx|soc hx|habits|lifestyle"),
    (Kind.MEDICATIONS, "medications|current medications|meds|home medications|medication list|current meds|rx"),
    (Kind.ALLERGIES, "allergies|allergy|drug allergies|medication allergies|nkda"),
    (Kind.REVIEW, "review of systems|ros|review of symptoms|systems review"),
    (
        Kind.EXAM,
        "physical examination|physical exam|exam|examination|pe|objective|o|vitals|vital signs|vs|vitals reviewed"
        "|objective findings|px",
    ),
    (
        Kind.RESULTS,
        "results|labs|laboratory|laboratory data|imaging|data|data reviewed|diagnostic studies|diagnostics|studies"
        "|lab results|radiology|tests|test results|ecg|ekg|x-ray|x-rays|laboratory results|diagnostic results",
    ),
    (
        Kind.ASSESSMENT,
        "assessment|assessment and plan|assessment & plan|assessment/plan|a/p|a&p|a & p|ap|impression|impressions"
        "|impression and plan|impression/plan|diagnosis|diagnoses|assessments|assessment and recommendations"
        "|final diagnosis|final diagnoses|discharge diagnosis|discharge diagnoses|visit diagnoses|visit diagnosis"
        "|clinical impression|imp|dx|a|i/p|problems addressed|encounter diagnoses|today's problems|medical"
        " decision making"
        "|mdm|postoperative diagnosis|principal diagnosis|secondary diagnoses|admission diagnosis|imp/plan",
    ),
    (Kind.PLAN, "plan|p|treatment plan|recommendations|plan of care|plans|disposition and plan|treatment"),
    (Kind.PROCEDURE, "procedure|procedures|procedure note|procedures performed|immunizations given|services"),
    (
        Kind.INSTRUCTIONS,
        "instructions|patient instructions|follow-up|follow up|followup|disposition|education|return precautions"
        "|discharge instructions|f/u|counseling|time|attestation",
    ),
)
_KIND_OF = {name: kind for kind, names in HEADINGS for name in names.split("|")}
_ONE_LETTER = frozenset("sopa")

_LINE_HEADING = re.compile(
    r"^[ \t]*(?:[#*=_]{1,4}[ \t]*)?([A-Za-z][A-Za-z'&/ \-]{0,48}?)[ \t]*[*=_]{0,4}[ \t]*(:|-{1,2}(?=\s)|\.?$)", re.M
)
_INLINE_HEADING = re.compile(
    r"(?<=[.;!?\n] )(HPI|CC|PMHx?|PSHx?|FHx?|SHx?|ROS|PE|EXAM|VITALS|LABS|MEDS|ALLERGIES|A/P|A&P|ASSESSMENT AND PLAN"
    r"|Assessment and Plan|Assessment & Plan|Diagnosis|Diagnoses|DIAGNOSIS|DIAGNOSES|Assessment/Plan|ASSESSMENT"
    r"|Assessment|IMPRESSION|Impression|IMP|DX|Dx|PLAN|Plan|Exam|A|P|S|O)"
    r"[ \t]*:"
)
_SAME_LINE_HEADING = re.compile(  # "Impression. First, ...", "Impression and Plan 1 - ..."
    r"^[ \t]*(?:(?:My |Our )?(?:(?:Assessment|Impression|Diagnos[ei]s|Problems)(?:[ \t]*(?:and|&|/)[ \t]*(?:Plan"
    r"|Recommendations?))?[.:]"
    r"|(?:Assessment|Impression)[ \t]*(?:and|&|/)[ \t]*(?:Plan|Recommendations?)))[ \t]+(?=\S)",
    re.M | re.I,
)
_COPIED = re.compile(
    r"^[^\n]{0,40}\b(?:(?:carried|copied|pulled|brought) forward|copied (?:and pasted )?from|pasted from"
    r"|from (?:the |my )?"
    r"(?:prior|previous|last) (?:note|visit note|encounter)|(?:prior|previous|last|old) (?:note|assessment|a/p"
    r"|a&p|impression|plan)s?[ \t]*(?:\(|:|from\b|\d))",
    re.M | re.I,
)
_PARAGRAPH_END = re.compile(r"\n[ \t]*\n|\[end of (?:copied|carried)[^\n\]]*\]|\Z", re.I)
_CAPS_HEADING = re.compile(r"^[ \t]*([A-Z][A-Z&/'\- ]{3,48})[ \t]*:?[ \t]*$", re.M)


def check_note(data: bytes) -> str:
    """The text of a note file. Raises NoteError for an empty, binary or over-large file, naming the mend."""
    if len(data) > MAX_BYTES:
        raise NoteError(
            f"the note is larger than {MAX_BYTES // 1024} KiB",
            where="note",
            mend="Send one visit's note; split a chart into its visits.",
        )
    if not data.strip():
        raise NoteError("the note is empty", where="note", mend="Send the note's text.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NoteError(
            "the note is not UTF-8 text", where=f"byte {error.start}", mend="Export the note as plain UTF-8 text."
        ) from error
    control = sum(1 for c in text if (c < " " and c not in "\t\n\r\f\v") or c == "\x7f")
    if "\x00" in text or control > _CONTROL_SHARE * len(text):
        raise NoteError("the note is binary, not text", where="note", mend="Export the note as plain UTF-8 text.")
    if not text.strip():
        raise NoteError("the note is empty", where="note", mend="Send the note's text.")
    return text


def sections(text: str) -> tuple[Section, ...]:
    """The note's sections in order; text before the first heading has kind NONE. They do not overlap."""
    marks = sorted(_headings(text))
    found: list[Section] = []
    kind, start = Kind.NONE, 0
    for at, after, next_kind in marks:
        if at < start:
            continue
        if text[start:at].strip():
            found.append(Section(kind, start, at))
        kind, start = next_kind, after
    if text[start:].strip():
        found.append(Section(kind, start, len(text)))
    return tuple(found)


def _headings(text: str) -> Iterator[tuple[int, int, Kind]]:
    """(start of heading, start of body, kind) of every heading found."""
    problems = False  # inside an assessment or plan an unknown line in capitals is a problem, not a section
    known: list[tuple[int, int, Kind]] = []
    for match in _LINE_HEADING.finditer(text):
        name = " ".join(match.group(1).lower().split())
        kind = _KIND_OF.get(name) or _by_words(text, match)
        if kind is None or (name in _ONE_LETTER and match.group(2) in ("", ".")):
            continue
        known.append((match.start(), match.end(), kind))
    known.extend((m.start(), m.end(), _KIND_OF[m.group(1).lower()]) for m in _INLINE_HEADING.finditer(text))
    known.extend((m.start(), m.end(), Kind.ASSESSMENT) for m in _SAME_LINE_HEADING.finditer(text))
    known = _with_copied(text, sorted(known))
    taken = {at for at, _, _ in known}
    caps = [(m.start(), m.end(), Kind.OTHER) for m in _CAPS_HEADING.finditer(text) if m.start() not in taken]
    for at, after, kind in sorted([*known, *caps]):
        if kind is Kind.OTHER and problems:
            continue
        problems = kind in (Kind.ASSESSMENT, Kind.PLAN)
        yield at, after, kind


def _with_copied(text: str, known: list[tuple[int, int, Kind]]) -> list[tuple[int, int, Kind]]:
    """The headings, and around each stretch of copied text a section of its own; headings inside it do not count."""
    for match in _COPIED.finditer(text):
        ending = _PARAGRAPH_END.search(text, match.end())
        end = ending.end() if ending else len(text)
        before = [kind for at, _, kind in known if at < match.start()]
        known = [k for k in known if not match.start() <= k[0] < end]
        known += [(match.start(), match.start(), Kind.COPIED), (end, end, before[-1] if before else Kind.OTHER)]
        known.sort()
    return known


# Headings not in the list above, by the words in them; the first that fits. Only for a line that is a heading alone.
_HEADING_WORDS: tuple[tuple[Kind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(rf"\b(?:{pattern})\b", re.I))
    for kind, pattern in (
        (Kind.FAMILY, "family|fam"),
        (Kind.ASSESSMENT, "assessments?|impressions?|diagnos[ei]s|problems addressed|today's problems"),
        (Kind.SURGICAL, "surgical|surgeries|operations"),
        (Kind.PAST, "past|medical history|problem list|comorbidities|pmhx?"),
        (Kind.SOCIAL, "social|habits"),
        (Kind.MEDICATIONS, "medications?|meds|prescriptions"),
        (Kind.ALLERGIES, "allerg(?:y|ies)"),
        (Kind.REVIEW, "review of|ros|symptom review"),
        (Kind.COMPLAINT, "complaints?|reason for|concerns?"),
        (Kind.HISTORY, "history of|present illness|interval|interim|subjective|story|hpi"),
        (Kind.EXAM, "exam|examination|vitals?|vital signs|objective"),
        (Kind.RESULTS, "results?|labs?|laboratory|imaging|radiology|studies|data|testing"),
        (Kind.PROCEDURE, "procedures?|services|done today|performed"),
        (Kind.PLAN, "plan|recommendations?"),
        (Kind.INSTRUCTIONS, "instructions?|disposition|follow[- ]?up|return"),
    )
)


def _by_words(text: str, match: re.Match[str]) -> Kind | None:
    """The kind of a heading the list does not hold: a short line alone, in title case or capitals, of telling words."""
    name = match.group(1).strip()
    rest = text[match.end() : match.end() + 2].lstrip(" \t")
    alone = not rest or rest[0] in "\r\n"
    big = [w for w in name.split() if w.lower() not in ("of", "and", "the", "for", "to", "in", "&", "/")]
    titled = all(w[:1].isupper() for w in big) or match.group(2) in (":", "-")
    if not alone or not titled or match.group(2) == "." or len(big) > 5:
        return None
    return next((kind for kind, pattern in _HEADING_WORDS if pattern.search(name)), None)


_BREAK = re.compile(r"[.!?;]+(?=[\s\"')\]]|$)[\"')\]]*|\n[ \t]*\n|\n")
_NOT_AN_END = re.compile(
    r"(?:\b(?:dr|mr|mrs|ms|vs|st|no|approx|e\.g|i\.e|etc|dept|jr|sr|fx|hx|tx|dx|pt|inc|min|hr|wk|mo|yr|y\.o|p\.o"
    r"|b\.i\.d|t\.i\.d|q\.d|p\.r\.n|a\.m|p\.m|fig|resp|temp|wt|ht)|(?:^|\s)[A-Za-z]|^\s*\d{1,2})$",
    re.I,
)


def sentences(text: str, parts: tuple[Section, ...] | None = None) -> tuple[Sentence, ...]:
    """Every sentence with its offsets. A wrapped line goes on; a full stop after "Dr" or "1" does not end one."""
    found: list[Sentence] = []
    for part in sections(text) if parts is None else parts:
        start = part.start
        for match in _BREAK.finditer(text, part.start, part.end):
            if match.start() < start or not _ends(text, start, match, part.end):
                continue
            _add(found, text, start, match.end(), part.kind)
            start = match.end()
        _add(found, text, start, part.end, part.kind)
    return tuple(found)


def _ends(text: str, start: int, match: re.Match[str], limit: int) -> bool:
    mark = match.group()
    if mark == "\n":
        rest = text[match.end() : min(match.end() + 40, limit)].lstrip(" \t")
        return not (rest[:1].islower() and text[match.start() - 1 : match.start()] not in ".:;!?")
    if mark == ".":
        return not _NOT_AN_END.search(text[max(start, match.start() - 8) : match.start()])
    return True


LONGEST_SENTENCE = 1000  # characters; a longer run has lost its full stops, and is cut at a space


def _add(found: list[Sentence], text: str, start: int, end: int, kind: Kind) -> None:
    start, end = _trimmed(text, start, end)
    while start < end:
        stop = end
        if end - start > LONGEST_SENTENCE:
            space = text.rfind(" ", start, start + LONGEST_SENTENCE)
            stop = space if space > start else start + LONGEST_SENTENCE
        found.append(Sentence(start, stop, kind))
        start, end = _trimmed(text, stop, end)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


_ITEM = re.compile(
    r"(?:[•●▪*·\-–—>]+|\(?\d{1,2}(?:[.):]|\s?-(?=\s))|#{1,3}\s?\d{0,2}[.):]?|\(?[a-z][.)]|\[[ xX]?\]|(?:problem"
    r"|dx|diagnosis)\s*#?\d{0,2}\s*[:.)-])\s*",
    re.I,
)
_HEADER_END = re.compile(r"[.:;](?=\s|$)|\s[-–—]{1,2}\s|\s=>|\s->|\u2014|\n")
_SUBFIELD = re.compile(
    r"(?:medical reasoning|medical treatment|additional testing|patient education|patient agreements|specialist"
    r" referrals?"
    r"|counseling|education|status(?! post)|plan|treatment|medications?|labs?|imaging|follow.?up|testing|orders?"
    r"|today|goals?|rx"
    r"|referrals?|procedures?|continue|differential|ddx|results?|instructions?|return|meds?|diagnostics|disposition"
    r"|prognosis|time|note|risks?|recommendations?|monitoring|therapy|diet|activity|vaccines?|immunizations?"
    r"|screening"
    r"|signed|electronically|provider|date|icd|cpt|code)\b",
    re.I,
)
_SAYS = re.compile(  # a sentence, not a name: it has a finite verb, a person or a dose
    r"\b(?:is|was|were|are|be|been|has|have|had|will|would|should|can|may|might|must|recommend(?:ed)?|discussed"
    r"|reviewed|continues|prescribed|counsell?ed|encouraged|he|she|they|we|you|patient|pt|refilled|reports?"
    r"|presents?|states?|denies|(?-i:(?<!type )(?<!Type )(?<!stage )(?<!Stage )(?<!class )I (?!of)[a-z]{3,})|mg"
    r"|mcg|tablets?|in \d+ (?:days?|weeks?|months?)|follow(?:ing)?.?up (?:in|with|on|as))\b",
    re.I,
)
_ACTION = re.compile(  # a plan's line begins with what to do
    r"(?:order(?:ed)?|continue|start(?:ed)?|stop(?:ped)?|increased?|decreased? (?:the|his|her|dose)|prescribe"
    r"|refer(?:red)?"
    r"|schedule[ds]?|return|rtc|obtain(?:ed)?|repeat|check|advised?|counsel|encourage|take|taking|refill|call"
    r"|give[n]?"
    r"|monitor|apply|avoid|try|trial|add|switch(?:ed)?|titrate|use|rest|ice|elevate|await|plan|consider|initiate"
    r"|begin"
    r"|finish|complete|send|sent|get|keep|hold|discuss|review|recommend|will|follow|educate|provide[d]?"
    r"|administer(?:ed)?"
    r"|perform(?:ed)?|handouts?|discharge|proceed|reassur\w+|rx|no changes?|labs?|go to)\b"
    r"|(?:stable|unchanged|improv(?:ing|ed)|resolved|doing well|at goal|asymptomatic"
    r"|well controlled|tolerating \w+)\W*$",
    re.I,
)
_SIGNATURE = re.compile(  # "Dr. Graves" is a person
    r"^\W*(?:dr\.?\s|sincerely|electronically signed|signed\b|dictated)|\b(?:m\.?d|d\.?o|n\.?p|pa-c|fnp|r\.?n|dpm"
    r"|ph\.?d)\b\.?\s*(?:,.*)?$",
    re.I,
)
_MAX_HEADER_WORDS = 16
MOST_HEADERS = 200  # no visit has more problems; what follows is read as running text


def problem_headers(text: str, parts: tuple[Section, ...] | None = None) -> tuple[Header, ...]:
    """The problems named in assessment and plan, in order: numbered, bulleted, or on a line (or first phrase) of"
    " their own."""
    found: list[Header] = []
    for part in sections(text) if parts is None else parts:
        if part.kind not in (Kind.ASSESSMENT, Kind.PLAN):
            continue
        titled = False  # below a numbered or titled problem, bullets are its plan, not problems
        lines = list(_lines(text, part.start, part.end))
        orders = _order_lists(text, lines)
        for start, end in lines:
            bullet = _is_bullet(text, start, end)
            header = None if bullet and (titled or start in orders) else _header(text, start, end, part.kind)
            if header is not None and len(found) < MOST_HEADERS:
                found.append(header)
                titled = titled or not bullet
    return tuple(found)


def _order_lists(text: str, lines: list[tuple[int, int]]) -> set[int]:
    """The starts of bullets in a run of bullets of which one is an order ("- Continue ..."): the run is a plan."""
    found: set[int] = set()
    run: list[int] = []
    orders = False
    for start, end in [*lines, (0, 0)]:
        if _is_bullet(text, start, end):
            item = _ITEM.match(text, start, end)
            run.append(start)
            orders = orders or bool(_ACTION.match(text, item.end() if item else start, end))
            continue
        found.update(run if orders else ())
        run, orders = [], False
    return found


def _is_bullet(text: str, start: int, end: int) -> bool:
    """Whether the line begins with a bullet or dash (not a number or #)."""
    return start < end and text[start] in "•●▪*·-–—>["


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        inner = _trimmed(text, start, stop)
        if inner[0] < inner[1]:
            yield from _numbered(text, *inner)
        start = stop + 1


_NUMBER = re.compile(
    r"(?<![\w.])(?<!problem )(?<!stage )(?<!grade )(?<!type )(?<!class )[(#]?\s?(\d{1,2})(?:[.):]|\s-)?\s+(?=[A-Za-z])",
    re.I,
)


def _numbered(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """One line, or its numbered problems where several share it ("1. Asthma 2. GERD"): only a count that goes on."""
    cuts: list[int] = []
    expected = 1
    for match in _NUMBER.finditer(text, start, end):
        marked = not match.group().strip().isdigit()  # a bare "2" is not a number of the list
        if marked and int(match.group(1)) == expected:
            cuts.append(match.start())
            expected += 1
        elif match.start() == start and marked:
            expected = int(match.group(1)) + 1
    cuts = [cut for cut in cuts if cut > start]
    for left, right in zip([start, *cuts], [*cuts, end], strict=True):
        if left < right:
            yield _trimmed(text, left, right)


def _header(text: str, start: int, end: int, kind: Kind) -> Header | None:
    item = _ITEM.match(text, start, end)
    marked = item is not None and item.end() > start
    begin = item.end() if item is not None else start
    stop = _HEADER_END.search(text, begin, end)
    if stop and stop.group() == "." and _NOT_AN_END.search(text[max(begin, stop.start() - 8) : stop.start()]):
        stop = _HEADER_END.search(text, stop.end(), end)
    finish = stop.start() if stop else end
    begin, finish = _trimmed(text, begin, finish)
    phrase = text[begin:finish]
    alone = finish >= end - 2 or (stop is not None and stop.group() in (":", ".") and not marked)
    n_words = len(phrase.split())
    if not phrase or n_words > _MAX_HEADER_WORDS or not any(c.isalpha() for c in phrase):
        return None
    if _SIGNATURE.search(text[start:end]) or _SUBFIELD.match(phrase) or _SAYS.search(phrase) or _ACTION.match(phrase):
        return None
    if kind is Kind.PLAN and _is_bullet(text, start, end) and n_words > 6:
        return None
    return Header(begin, finish) if (marked or alone) else None
