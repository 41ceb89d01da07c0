"""What a mention in a note is *not*: denied, past, a relative's, suspected, feared, over.

The rules are data, in `context_rules`: (context, direction, phrases). A trigger colours the words on its side of the
sentence until a word that ends its reach ("but", "however", a clause of its own). The method is NegEx and ConText
(Chapman 2001, Harkema 2009); the phrases are our own. What follows from a context is not decided here: that an
uncertain diagnosis is not coded in outpatient care (ICD-10-CM guideline IV.H) and is coded as if it existed in
inpatient care (II.H) is in `suggester`.
Every error found in this file becomes a one-sentence test first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.coding.context_rules import (
    BACKWARD,
    CLOSING,
    FORWARD,
    FRAMES,
    NEXT,
    PSEUDO,
    RULES,
    Context,
    phrases,
)
from models.coding.note import Kind
from models.coding.words import word_set

__all__ = ["BACKWARD", "FORWARD", "PSEUDO", "RULES", "STRENGTH", "Coloured", "Context", "context_of", "contexts"]

STRENGTH = {context: rank for rank, context in enumerate(Context)}

# "if" before one of these speaks of a condition that is there: it may persist.
_PERSISTS = word_set(
    "improve improves persist persists persisted worsen worsens continue continues remains remain lingers not"
    " no resolve"
    " fails fail better worse"
)
# After "history of X": X is under treatment, so it is current (guidelines I.C.2.m, I.C.21.c.4, IV.I).
_TREATED = re.compile(
    r"\b(?:rate[- ]controlled|well[- ]controlled|controlled (?:on|with)|still (?:on|taking|receiving|under|has|having)"
    r"|currently (?:on|taking|receiving|treated|active)|on active|under (?:active )?treatment|maintained on|stable on"
    r"|managed with|refilled|refill|continues? (?:on|to take)|(?:using|takes|taking|on) (?:\w+ ){1,3}(?:daily"
    r"|nightly|bid|qd)"
    r"|on (?:daily |home |lifelong )?(?:\w*(?:sartan|olol|dipine|formin|gliptin|gliflozin|thyroxine|tidine"
    r"|prazole|triptan"
    r"|lukast|terol|mab|tinib|azepine|setron)|lisinopril|insulin|keppra|levetiracetam|lamotrigine|lithium|methotrexate"
    r"|tamoxifen|anastrozole|letrozole|sertraline|fluoxetine|escitalopram|allopurinol|albuterol|dialysis|cpap))\b",
    re.I,
)

STOPS = word_set(
    "but however although though except yet nevertheless aside apart presents presented because since while whereas"
    " despite notwithstanding"
)
_REACH = {Context.HISTORICAL: 12, Context.RESOLVED: 10, Context.UNCERTAIN: 14}
_SHORT: dict[tuple[str, ...], int] = {
    ("not",): 3,
    ("never",): 4,
}  # alone, before a verb of no list, they deny what stands next to them
_BACK_REACH = 7
_YEAR_REACH = 4
_QUESTION_REACH = 3

_TOKEN = re.compile(
    r"\([-–+]\)|[A-Za-z]+(?:['’][a-z]+)?(?:/[a-z]+(?:'d)?)?|(?:19|20)\d\d\b|\d+(?:\.\d+)?|[;:?()]|[,.]", re.I
)
_YEAR = re.compile(r"(?:19|20)\d\d")

Phrase = tuple[str, ...]
Hit = tuple[Phrase, Context | None, str]


def _grown(root: dict[str, Any], added: list[Phrase], *says: Any) -> dict[str, Any]:
    """The phrases word by word; under "" what a phrase that ends there says."""
    for phrase in added:
        node = root
        for word in phrase:
            node = node.setdefault(word, {})
        node.setdefault("", []).extend((phrase, *says) for _ in says[:1])
    return root


def _trie() -> dict[str, Any]:
    """Every trigger; what the list of pseudo-triggers holds says nothing else."""
    root: dict[str, Any] = {}
    for context, direction, lines in RULES:
        _grown(root, phrases(lines), context, direction)
    for phrase in phrases(PSEUDO):
        node = root
        for word in phrase:
            node = node.setdefault(word, {})
        node[""] = [(phrase, None, FORWARD)]
    return root


_TRIGGERS = _trie()

_FRAMES: dict[str, list[tuple[dict[str, Any], Context]]] = {}
for _openings, _closings, _meant in FRAMES:
    for (_opening,) in phrases(_openings):
        _FRAMES.setdefault(_opening, []).append((_grown({}, phrases(_closings)), _meant))

_WHOLE_SECTION = ((Kind.FAMILY, Context.FAMILY), (Kind.SURGICAL, Context.HISTORICAL), (Kind.COPIED, Context.HISTORICAL))

Spanned = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Coloured:
    """Characters start..end stand under `context`, because of the trigger at trigger_start..trigger_end."""

    start: int
    end: int
    context: Context
    trigger_start: int
    trigger_end: int


def contexts(text: str, start: int, end: int, kind: Kind) -> list[Coloured]:
    """The coloured stretches of the sentence text[start:end]; they may overlap."""
    tokens: list[Spanned] = [_token(m) for m in _TOKEN.finditer(text, start, end)]
    coloured = [Coloured(start, end, context, start, start) for k, context in _WHOLE_SECTION if k is kind]
    at = 0
    while at < len(tokens):
        step = 1
        for phrase, context, direction in _triggers_at(tokens, at):
            if context is None:
                step = len(phrase)
            elif not _idle(tokens, at, phrase, context, direction):
                coloured.extend(_reach(tokens, at, phrase, context, direction))
                step = len(phrase)
            elif context in (Context.FAMILY, Context.OTHER_PERSON):
                step = len(phrase)  # "her son" who only tells is not a "son" either
        at += step
    coloured.extend(_framed(tokens))
    if "?" in text[start:end]:
        coloured.extend(_asked(tokens))
    return [c for c in coloured if c.context is not Context.HISTORICAL or not _TREATED.search(text, c.trigger_end, end)]


_SIGNS = {"(-)": "<not>", "(–)": "<not>", "(+)": "<has>"}


def _token(match: re.Match[str]) -> Spanned:
    """The word as the rules know it: small, without "'s"; "not" for "isn't", "<n>", "<year>", "<not>" for "(-)"."""
    word = match.group().lower()
    if word[0].isdigit():
        return "<year>" if _YEAR.fullmatch(word) else "<n>", match.start(), match.end()
    if "'" in word or "’" in word:
        word = word.replace("’", "'")
        word = "not" if word.endswith("n't") else word.removesuffix("'s").removesuffix("s'")
    return _SIGNS.get(word, word), match.start(), match.end()


def _framed(tokens: list[Spanned]) -> list[Coloured]:
    """The stretches between an opening word and its closing phrase ("had ... in 2016", "should ... develop")."""
    found: list[Coloured] = []
    for at, (word, _, _) in enumerate(tokens):
        if word not in _FRAMES:
            continue
        for closings, context in _FRAMES[word]:
            for end in range(at + 2, min(len(tokens), at + _FRAME)):
                if _stops(tokens, end - 1, context):
                    break
                if tokens[end][0] in closings and _closes(tokens, end, closings):
                    found.append(Coloured(tokens[at + 1][1], tokens[end - 1][2], context, tokens[at][1], tokens[at][2]))
                    break
    return found


def _closes(tokens: list[Spanned], end: int, closings: dict[str, Any]) -> bool:
    node: dict[str, Any] | None = closings
    for word, _, _ in tokens[end:]:
        node = node.get(word) if node else None
        if node is None or "" in node:
            return node is not None
    return False


def _asked(tokens: list[Spanned]) -> list[Coloured]:
    """What a question mark in front doubts: "?gout", "rash, ?scabies"."""
    found: list[Coloured] = []
    for at, (word, start, end) in enumerate(tokens[:-1]):
        if word == "?" and (at == 0 or tokens[at - 1][2] < start):
            last = _forward_end(tokens, at + 1, ("?",), Context.UNCERTAIN)
            if last > at + 1:
                found.append(Coloured(tokens[at + 1][1], tokens[last - 1][2], Context.UNCERTAIN, start, end))
    return found


_FRAME = 9  # words
_ENDS = frozenset(".,;:)?")
# After "was excluded" and "cleared" these still leave it said of what stands before.
_ENDERS = word_set(
    ". , ; : ) ? by on with w w/ via per after at today in during based clinically and but following so"
    " bilaterally throughout <n> last yesterday this within"
    " spontaneously completely entirely overnight thereafter off since without prior several"
)
# After one of these a date or "two months ago" says when it began, was found or was seen, not that it is over.
_ONSET = word_set(
    "began begin begun started onset since diagnosed dx dx'd noticed seen labs ct mri x-ray xray evaluated"
    " visit fell from"
    " presented start starting worsened worsening found discovered menarche"
)
_TIMES = word_set("<year> ago in at age <n> last month years year months weeks decades yrs mos")
_BEFORE_A_DATE = word_set(
    "on since from until till by of during and to january february march april may june july august september"
    " october november december jan feb mar apr jun jul aug sep sept oct nov dec spring summer autumn fall winter"
    " diagnosed dx'd dx onset year in"
)
_NEVER = word_set("cannot unable never not rarely hardly seldom inability barely")
_TELLS = word_set(
    "report reports reported reporting state states stated stating notice notices noticed note notes noted say"
    " says said"
    " describe describes described bring brought brings deny denies denied denying concerned decline declines declined"
    " refuse refuses refused ask asks asked request requests requested endorse endorses endorsed think thinks thought"
    " feel feels felt believe believes want wants wanted agree agrees agreed call called calls mention mentions"
    " mentioned"
    " give gives gave provide provides provided recall recalls worry worries worried accompany accompanies help helps"
    " tell tells told observe observed witnessed found confirms confirm confirmed administers aware understands"
    " understand present complains insists wonders claims attests estimates interprets translates consents"
)
_PARENTS = word_set("mother father mom dad parent parents mum")
_INFORMANT = word_set("per by accompanied from told informed via bedside")
_WHO = word_set("who whom <n> age aged also now deceased both and")


def _idle(tokens: list[Spanned], at: int, phrase: Phrase, context: Context, direction: str) -> bool:
    """Whether a trigger says nothing here: "has pain and denied fever", "if her asthma persists"."""
    after = tokens[at + len(phrase)][0] if at + len(phrase) < len(tokens) else "."
    if direction == CLOSING:
        return after not in _ENDERS or (context is Context.UNCERTAIN and after not in _ENDS)
    if direction == NEXT:
        return after in _ENDERS
    if context is Context.FAMILY or context is Context.OTHER_PERSON:
        return direction == FORWARD and _only_tells(tokens, at, at + len(phrase), after)
    if phrase[0] in ("without", "w/o"):
        return any(word in _NEVER for word, _, _ in tokens[max(0, at - 6) : at])
    if phrase == ("if",):
        return _goes_on(tokens, at)
    if phrase[0] in _TESTS and any(word in ("negative", "neg") for word, _, _ in tokens[at + 2 : at + 2 + _FRAME]):
        return True  # "tests for Lyme disease came back negative"
    if context in (Context.HYPOTHETICAL, Context.UNCERTAIN) and direction == FORWARD and after in _HERS:
        return phrase[-1] in ("on", "about", "regarding", "re", "discussed")
    if phrase == ("<year>",):
        return at == 0 or not tokens[at - 1][0].isalpha() or tokens[at - 1][0] in _BEFORE_A_DATE
    if context is Context.HISTORICAL and direction == BACKWARD and phrase[-1] in _TIMES:
        return any(word in _ONSET for word, _, _ in tokens[max(0, at - _BACK_REACH) : at])
    if context is Context.HISTORICAL and phrase[-1] == "for":
        return any(word in _ONSET for word, _, _ in tokens[max(0, at - 3) : at])
    return False


_TESTS = word_set("test tests tested testing screen screened screening workup")
_HERS = word_set("her his their")


def _only_tells(tokens: list[Spanned], at: int, after_at: int, after: str) -> bool:
    """Whether a person only tells, comes along or is named: "mother reports", "per wife", "lives with son,"."""
    if after in _TELLS or (at and tokens[at - 1][0] in _INFORMANT):
        return True
    if tokens[at][0] in _HERS and any(word in _PARENTS for word, _, _ in tokens[:at]):
        return True  # "Mother declines surgery for her son": he is the patient
    if after in ("and", "is", "was", "also", "has", "have") and after_at + 1 < len(tokens):
        following = tokens[after_at + 1][0]
        if following in _TELLS and following not in ("found", "felt", "present"):
            return True
        if after == "and" and after_at + 2 < len(tokens) and tokens[after_at + 2][0] in _TELLS:
            return True
    if after in ("died", "death", "passed") and after_at + 1 < len(tokens):
        return (
            tokens[after_at + 1][0] in (",", ".", "in", "last", "when", "and", "this")
            or tokens[-1][2] == tokens[after_at][2]
        )
    if after in _ENDS:
        beyond = tokens[after_at + 1][0] if after_at + 1 < len(tokens) else "."
        return after != ":" and not (after == "," and beyond in _WHO)
    return False


def _goes_on(tokens: list[Spanned], at: int) -> bool:
    """Whether an "if" speaks of what is there: "if her asthma persists"; its clause ends at the comma."""
    for word, _, _ in tokens[at + 2 : at + 2 + _FRAME]:
        if word in _PERSISTS:
            return True
        if word == ",":
            return False
    return False


def _triggers_at(tokens: list[Spanned], at: int) -> list[Hit]:
    """The longest triggers that start here: all of the same length (a word may work forward and backward)."""
    node: dict[str, Any] | None = _TRIGGERS.get(tokens[at][0])
    hits: list[Hit] = []
    while node is not None:
        hits = node.get("", hits)
        at += 1
        if at == len(tokens):
            break
        node = node.get(tokens[at][0])
    return hits


def _reach(tokens: list[Spanned], at: int, phrase: Phrase, context: Context, direction: str) -> list[Coloured]:
    if direction in (FORWARD, NEXT):
        first, last = at + len(phrase), _forward_end(tokens, at + len(phrase), phrase, context)
    else:
        first, last = _backward_start(tokens, at, phrase, context), at
    if first >= last:
        return []
    return [Coloured(tokens[first][1], tokens[last - 1][2], context, tokens[at][1], tokens[at + len(phrase) - 1][2])]


_LISTS = word_set("ddx differential differentials either dx possibilities d/dx")


def _forward_end(tokens: list[Spanned], first: int, phrase: Phrase, context: Context) -> int:
    last, depth, reach = first, 0, _SHORT.get(phrase, _REACH.get(context, 30))
    listing = phrase[0] in _LISTS
    while last < len(tokens) and last - first < reach:
        if _stops(tokens, last, context) and not (listing and tokens[last][0] == ","):
            break
        depth += {"(": 1, ")": -1}.get(tokens[last][0], 0)
        if depth < 0 and "(" not in phrase:
            break
        last += 1
    return last


def _backward_start(tokens: list[Spanned], at: int, phrase: Phrase, context: Context) -> int:
    """Where a trigger's reach to the left begins: a comma ends it but in a list ("fever, chills and cough")."""
    first, listed = at, False
    reach = _YEAR_REACH if phrase == ("<year>",) else _QUESTION_REACH if phrase == ("?",) else _BACK_REACH
    lead = at
    while lead and tokens[lead - 1][0] in _LEADS:
        lead -= 1
    if lead and tokens[lead - 1][0] == "," and phrase != ("<year>",):
        first = lead - 1  # "Delirium on day 2, now resolved"
    while first > 0 and at - first < reach + (2 if listed else 0):
        word = tokens[first - 1][0]
        if word == "," and listed and reach == _BACK_REACH:
            first -= 1
            continue
        listed = listed or word in ("and", "or")
        if word in (",", ":") and (word == "," or reach == _YEAR_REACH):
            break
        if (word in _BACK_STOPS and at - first >= 3) or (word != "for" and _stops(tokens, first - 1, context)):
            break
        first -= 1
    return first


_LEADS = word_set("now since completely fully both all has have is was were are since totally also reportedly later")
_BACK_STOPS = word_set("has have had reports endorses shows showed denies")
_AFFIRMS = word_set(
    "endorses reports reported positive has admits with states who which accompanied complained complaining complains"
    " consulted presenting"
)
_VERBS = word_set(
    "is are was were remains remain persists persist continues progressed developed presented presents appeared began"
    " showed shows worsened has have present improving worsening worse unchanged ongoing stable controlled started"
)
# After a comma these begin something new: "no angina, on aspirin", "no fever, her asthma".
_OPENS = word_set(
    "with on start started starting continue continued here will likely possible probable now still positive pos taking"
    " his her he she pt patient this there incidental incidentally known persistent chronic ongoing stable plan"
)
_NEAR = 5  # words in which a clause shows its verb
_NEGATION_ENDS = word_set("when given until unless if as for without due secondary which who where whose")
_PATIENT = word_set("he she patient denies pt himself herself here child patient's presenting")
_NOW = word_set(
    "has complains c/o reports endorses admits now who currently today he she presenting here pt patient which active"
)
_MAIN_CLAUSE = word_set(
    "will would we then add start stop increase consider refer can may ok please plan continue repeat check he she pt"
    " patient take give resume hold use okay schedule order"
)


def _new_clause(tokens: list[Spanned], at: int) -> bool:
    """Whether a clause of its own begins after this comma or "and": a verb comes before the next comma."""
    words = [word for word, _, _ in tokens[at + 1 : at + 1 + _NEAR]]
    if "or" in words or "nor" in words:
        return False
    if words and words[0] in _OPENS and tokens[at][0] == ",":
        return True
    for word in words:
        if word in _VERBS:
            return True
        if word in (",", ";", ".", "and"):
            return False
    return False


def _stops(tokens: list[Spanned], at: int, context: Context) -> bool:
    word = tokens[at][0]
    if word in STOPS or word in ";?" or word == "<has>":
        return True
    if word == "." and at + 1 < len(tokens):
        return not (at and len(tokens[at - 1][0]) == 1 and tokens[at - 1][2] == tokens[at][1])  # "C. diff"
    if context is Context.NEGATED:
        return word in _AFFIRMS or word in _NEGATION_ENDS or (word in (",", "and") and _new_clause(tokens, at))
    if context is Context.FAMILY or context is Context.OTHER_PERSON:
        following = tokens[at + 1][0] if at + 1 < len(tokens) else "."
        return word in _PATIENT or (
            word in ("and", "now") and following in ("has", "now", "developed", "have", "reports")
        )
    if context is Context.HISTORICAL:
        return word in _NOW
    if context is Context.HYPOTHETICAL:
        following = tokens[at + 1][0] if at + 1 < len(tokens) else "."
        return (word == "," and following in _MAIN_CLAUSE) or (word == "for" and following in _HERS)
    # "pneumonia vs bronchitis, hypertension": doubt about one problem does not pass the comma in a list of problems
    if context is Context.UNCERTAIN and word in ("for", "given"):
        return True
    return context in (Context.UNCERTAIN, Context.RESOLVED) and word == ","


def context_of(coloured: Sequence[Coloured], start: int, end: int) -> Context | None:
    """The strongest context over the mention text[start:end], None where the mention simply stands.

    A trigger inside the mention ("history of gout", "rule out" in a code's own name) does not colour it.
    """
    found = [
        c.context for c in coloured if c.start < end <= c.end and not (start <= c.trigger_start < c.trigger_end <= end)
    ]
    return min(found, key=STRENGTH.__getitem__, default=None)
