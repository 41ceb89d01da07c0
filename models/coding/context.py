"""What a mention in a note is *not*: denied, past, a relative's, suspected, feared, over.

The rules are data: (phrase, context, direction). A trigger colours the words on its side of the sentence until a word
that ends its reach ("but", "however", another trigger). The method is NegEx and ConText (Chapman 2001, Harkema 2009);
the phrases are our own. What follows from a context is not decided here: that an uncertain diagnosis is not coded in
outpatient care (ICD-10-CM guideline IV.H) and is coded as if it existed in inpatient care (II.H) is in `suggester`.
Every error found in this file becomes a one-sentence test first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from models.coding.note import Kind
from models.coding.words import word_set


class Context(StrEnum):
    """Why a mention does not simply say that the patient has the condition now; strongest first."""

    FAMILY = "family"
    OTHER_PERSON = "someone else"
    HYPOTHETICAL = "hypothetical"
    NEGATED = "negated"
    RESOLVED = "resolved"
    UNCERTAIN = "uncertain"
    HISTORICAL = "historical"


STRENGTH = {context: rank for rank, context in enumerate(Context)}

FORWARD, BACKWARD = "forward", "backward"

RULES: tuple[tuple[Context, str, str], ...] = (
    (
        Context.NEGATED,
        FORWARD,
        "no|not|denies|denied|deny|denying|without|w/o|negative for|neg for|no evidence of|no sign of|no signs of"
        "|absence of|free of|never had|never|does not have|do not have|did not have|doesn't have|no"
        " known"
        "|not suggestive of|not consistent with|no history of|no hx of|no h/o|neither|nor|ruled out for|no"
        " suspicion of"
        "|no concern for|no complaints of|rules out|ruled out|does not show|did not show|lack of"
        "|without signs of|without sign of|without evidence of|without any|without symptoms of|cannot see|declines any"
        "|no symptoms of|no findings of|negative|unremarkable for|no family history of|<not>"
        "|failed to show|failed to reveal"
        "|failed to demonstrate|fails to show|never diagnosed with|never dx'd with|never been diagnosed with"
        "|not diagnosed with|nor wife|nor husband|nor spouse|nor partner|nor her husband|nor his wife|nor family"
        "|nor wife has|nor husband has|nor spouse has|nor partner has|nor her husband has|nor his wife has",
    ),
    (
        Context.NEGATED,
        BACKWARD,
        "is negative|was negative|are negative|were negative|negative|has been ruled out|was ruled out|ruled out"
        "|is absent|absent"
        "|not present|not seen|is excluded|excluded|not identified|were not seen|denied|not appreciated|none|r/o'd"
        "|was excluded|were excluded|were ruled out|were discarded|was discarded|discarded",
    ),
    (
        Context.UNCERTAIN,
        FORWARD,
        "possible|possibly|probable|probably|likely|suspect|suspects|suspected|suspicion of|suspicious for"
        "|concern for"
        "|concerning for|concerned about|questionable|question of|rule out|r/o|ro|differential includes"
        "|differential diagnosis"
        "|differential|consider|considering|vs|versus|may be|may have|might be|might have|could be|appears to be"
        "|consistent with"
        "|compatible with|indicative of|suggestive of|suggests|suggest|presumed|presumptive|presumably|working"
        " diagnosis"
        "|working diagnosis of|worrisome for|favor|favors|evaluate for|evaluation for|to exclude|cannot exclude"
        "|unable to rule out|not ruled out|appears|perhaps|comparable with|ddx|most likely|r/o for|to assess for"
        "|looks like|has the appearance of|have the appearance of|with the appearance of|c/f|s/f|worried about"
        "|thought to be|believed to be|could represent|may represent|possibility of|equivocal for|an element of",
    ),
    (
        Context.UNCERTAIN,
        BACKWARD,
        "is suspected|was suspected|suspected|is likely|is possible|is probable|likely|possible|probable"
        "|questionable|vs"
        "|versus|cannot be excluded|cannot be ruled out|not ruled out|is a consideration|unlikely|is unlikely"
        "|less likely"
        "|not excluded|to be ruled out|to be excluded",
    ),
    (
        Context.FAMILY,
        FORWARD,
        "family history of|family history significant for|family hx of|family h/o|fh of|fhx of|family history"
        " positive for"
        "|family history includes|runs in the family|mother|father|sister|brother|parents|both parents"
        "|grandmother|grandfather"
        "|aunt|uncle|grandparent|maternal|paternal|sibling|siblings|cousin|mom|dad|niece|nephew|mother's|father's"
        "|familial history of|fhx|fh :|fam hx|family hx|pgf|pgm|mgf|mgm|biological daughter|biological son"
        "|biological child|biological children|half brother|half sister|siblings'",
    ),
    (
        Context.FAMILY,
        BACKWARD,
        "runs in the family|in her mother|in his mother|in her father|in his father|in the family",
    ),
    (
        Context.OTHER_PERSON,
        FORWARD,
        "wife|husband|spouse|roommate|coworker|co-worker|coworkers|classmate|boyfriend|girlfriend|partner|friend"
        "|neighbor|sick contact"
        "|sick contacts|exposure to|exposed to|contact with|his son|her son|his daughter|her daughter|donor"
        "|school contacts|stepfather|stepmother|stepbrother|stepsister|stepson|stepdaughter|mother in law"
        "|father in law|sister in law|brother in law|son in law|daughter in law|several kids|other kids|kids in|kids at"
        "|several children|other children|children in|children at|classmates|students|roommates|housemate|housemates"
        "|household contact|household contacts|other residents|dog has|cat has|pet has|dog had|cat had|dog was|cat was"
        "|dog with|cat with|dogs have|cats have",
    ),
    (
        Context.HYPOTHETICAL,
        FORWARD,
        "if|should he develop|should she develop|should you develop|return for|return if|return precautions|call"
        " if|in case of"
        "|risk of|risks of|risk for|at risk for|prevent|to prevent|prevention of|prophylaxis for|prophylaxis"
        "|screening for|screen for|screened for|watch for"
        "|monitor for|look for|watch for signs of|monitor for signs of|look for signs of|warning signs of"
        "|in the event of|unless|precautions for|risks include"
        "|risks including"
        "|vaccine for|vaccination against|educated on signs|test for|tested for|testing for|fear of"
        "|is worried about|was worried about|she worried about|he worried about|patient worried about|pt worried about"
        "|worries about|high risk for|high risk of|increased risk of|increased risk for|low risk for|low risk of"
        "|risks incl|risk incl|call 911 for|call 911 if|call for any|call for|return to ed for"
        "|go to ed for|go to the ed for"
        "|come back for"
        "|complications include|complications such as|side effects include|side effects such as|side effects|can"
        " cause|may cause"
        "|could cause|can lead to|may lead to|reduce the risk|to avoid|avoid|counseled on",
    ),
    (
        Context.HYPOTHETICAL,
        BACKWARD,
        "screening|prophylaxis|ppx|prevention|vaccine|vaccination|precautions|protocol|risk|education|clinic",
    ),
    (
        Context.RESOLVED,
        FORWARD,
        "resolved|resolution of|recovered from|cured of|no longer on treatment for|fully recovered from|in full"
        " remission|no longer has|no longer having|no longer have",
    ),
    (
        Context.RESOLVED,
        BACKWARD,
        "has resolved|have resolved|resolved|has completely resolved|is resolved|now resolved|has cleared|cleared up"
        "|no longer present|has gone away|went away|has healed|fully healed|is gone|has since resolved|since resolved"
        "|now resolved|repleted|normalized|normalised|has normalized|cleared after|cleared with|cleared on|subsided"
        "|has subsided|have subsided|abated|has not recurred|have not recurred|has not come back",
    ),
    (
        Context.HISTORICAL,
        FORWARD,
        "in the past he had|in the past she had"
        "|history of|history significant for|history includes|hx of|h/o|hx|status post|s/p|sp|prior|previous"
        "|previously had"
        "|previously|remote|past|in childhood|as a child|childhood|former|old|personal history of",
    ),
    (
        Context.HISTORICAL,
        BACKWARD,
        "years ago|year ago|months ago|in childhood|as a child|in the past|last year|as an infant|in remission|<year>"
        "|back in|with her first pregnancy|in her first pregnancy|during her first pregnancy|in a prior pregnancy"
        "|with her last pregnancy|in her last pregnancy|during her last pregnancy|in a previous pregnancy",
    ),
)

# A parent who tells of the child is the informant, not the one who is ill.
_TOLD_BY = tuple(
    f"{who} {verb}"
    for who in ("parents", "mother", "father", "mom", "dad", "both parents", "grandmother")
    for verb in ("report", "reports", "reported", "state", "states", "stated", "notice", "noticed", "note", "notes",
                 "noted", "say", "says", "describe", "describes", "brought", "brings", "denies", "deny", "concerned")
)  # fmt: skip

PSEUDO: tuple[str, ...] = (
    "no change",
    "no changes",
    "no increase",
    "no improvement",
    "no relief",
    "not improved",
    "not improving",
    "not resolved",
    "not controlled",
    "not intractable",
    "not well controlled",
    "not at goal",
    "not only",
    "no further",
    "not certain",
    "without change",
    "without improvement",
    "without relief",
    "no better",
    "no worse",
    "not getting",
    "not responding",
    "gram negative",
    "without difficulty",
    "no acute distress",
    "history of present illness",
    "if any",
    "even if",
    "not sleeping",
    "no doubt",
    "past few",
    "past week",
    "past month",
    "past year",
    "past several",
    "past couple",
    "past two",
    "past three",
    "last year or",
    "family history is noncontributory",
    "not taking",
    "not been taking",
    "not tolerate",
    "not tolerating",
    "no longer controlled",
    "medical history",
    "not yet",
    "has not been able",
    "without good",
    "without significant relief",
    "not seem to help",
    "not help",
    "not helped",
    "no help",
    "non insulin",
    "non pressure",
    "non rheumatic",
    "non st",
    "non small",
    "non hodgkin",
    "non traumatic",
    "non allergic",
    "non alcoholic",
    "non displaced",
    "non healing",
    "old age",
    "several year history",
    "year history of",
    "month history of",
    "week history of",
    "day history of",
    "hour history of",
    "long history of",
    "longstanding history of",
    "long standing history of",
    "known history of",
    "if not",
    "risk stratification",
    "high risk",
    "low risk",
    "not adequately controlled",
    "year old",
    "years old",
    "month old",
    "months old",
    "week old",
    "weeks old",
    "day old",
    "days old",
    "triple negative",
    "node negative",
    "rh negative",
    "not without",
    "not had a day free of",
    "not a day free of",
    "not free of",
    "not been free of",
    "never free of",
    "no evidence of progression",
    "no progression",
    "no evidence of worsening",
    "asks if",
    "asked if",
    "asking if",
    "wonders if",
    "wondering if",
    "could be causing",
    "may be causing",
    "might be causing",
    "confirmed the suspicion of",
    "confirming the suspicion of",
    "confirms the suspicion of",
    *_TOLD_BY,
)

# (opening word, closing phrase, context): what stands between the two within a few words is coloured.
FRAMES: tuple[tuple[str, str, Context], ...] = (
    *((opening, "in <year>", Context.HISTORICAL) for opening in ("had", "hospitalized", "underwent", "suffered")),
    *(("should", verb, Context.HYPOTHETICAL) for verb in ("develop", "occur", "recur", "arise")),
)
_FRAME = 9  # words
# "if" before one of these speaks of a condition that is there: it may persist.
_PERSISTS = word_set("improve improves persist persists persisted worsen worsens continue continues")
# After "history of X": X is under treatment, so it is current (guidelines I.C.2.m, I.C.21.c.4, IV.I).
_TREATED = re.compile(
    r"\b(?:rate[- ]controlled|well[- ]controlled|controlled (?:on|with)|still (?:on|taking|receiving|under)"
    r"|currently (?:on|taking|receiving|treated)|on active|under (?:active )?treatment|maintained on|stable on"
    r"|managed with)\b",
    re.I,
)

STOPS = word_set(
    "but however although though except yet nevertheless aside apart presents presented because since while whereas"
)
_REACH = {Context.HISTORICAL: 12, Context.RESOLVED: 10, Context.UNCERTAIN: 14}
_BACK_REACH = 7
_YEAR_REACH = 4
_PASSES_COMMA = frozenset({"now"})  # "Delirium on day 2, now resolved"

_TOKEN = re.compile(
    r"\([-–+]\)|[A-Za-z]+(?:'[a-z]+)?(?:/[a-z]+(?:'d)?)?|(?:19|20)\d\d\b|\d+(?:\.\d+)?|[;:?()]|[,.]", re.I
)
_YEAR = re.compile(r"(?:19|20)\d\d")


def _by_first(
    entries: Sequence[tuple[tuple[str, ...], Context | None, str]],
) -> dict[str, list[tuple[tuple[str, ...], Context | None, str]]]:
    table: dict[str, list[tuple[tuple[str, ...], Context | None, str]]] = {}
    for entry in sorted(entries, key=lambda e: (-len(e[0]), e[0], e[2], str(e[1]))):
        table.setdefault(entry[0][0], []).append(entry)
    return table


def _spellings(phrase: str) -> tuple[str, ...]:
    return (phrase, phrase.replace("without", "w/o", 1)) if phrase.startswith("without") else (phrase,)


_TRIGGERS = _by_first(
    [(tuple(p.replace("-", " ").split()), c, d) for c, d, phrases in RULES for p in phrases.split("|")]
    + [(tuple(p.split()), None, FORWARD) for phrase in PSEUDO for p in _spellings(phrase)]
)

_FRAMES: dict[str, list[tuple[tuple[str, ...], Context]]] = {}
for _opening, _closing, _meant in FRAMES:
    _FRAMES.setdefault(_opening, []).append((tuple(_closing.split()), _meant))

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
        hits = _triggers_at(tokens, at)
        for phrase, context, direction in hits:
            if context is not None and not _idle(tokens, at, phrase, direction):
                coloured.extend(_reach(tokens, at, len(phrase), context, direction))
        at += max((len(phrase) for phrase, _, _ in hits), default=1)
    coloured.extend(_framed(tokens))
    if tokens and tokens[0][0] == "?":
        coloured.append(Coloured(tokens[0][2], end, Context.UNCERTAIN, tokens[0][1], tokens[0][2]))
    return [c for c in coloured if c.context is not Context.HISTORICAL or not _TREATED.search(text, c.trigger_end, end)]


def _token(match: re.Match[str]) -> Spanned:
    """The word as the rules know it: in small letters, without "'s"; "<year>" for a year, "<not>" for "(-)"."""
    word = match.group().lower()
    if _YEAR.fullmatch(word):
        return "<year>", match.start(), match.end()
    return _SIGNS.get(word, word.removesuffix("'s")), match.start(), match.end()


_SIGNS = {"(-)": "<not>", "(–)": "<not>", "(+)": "<has>"}


def _framed(tokens: list[Spanned]) -> list[Coloured]:
    """The stretches between an opening word and its closing phrase ("had ... in 2016", "should ... develop")."""
    found: list[Coloured] = []
    for at, (word, _, _) in enumerate(tokens):
        for closing, context in _FRAMES.get(word, ()):
            for end in range(at + 2, min(len(tokens) - len(closing) + 1, at + _FRAME)):
                if _stops(tokens, end - 1, Context.NEGATED):
                    break
                if all(tokens[end + i][0] == part for i, part in enumerate(closing)):
                    found.append(Coloured(tokens[at + 1][1], tokens[end - 1][2], context, tokens[at][1], tokens[at][2]))
                    break
    return found


def _idle(tokens: list[Spanned], at: int, phrase: tuple[str, ...], direction: str) -> bool:
    """Whether a trigger says nothing here: "has pain and denied fever", "if her asthma persists"."""
    if phrase == _SAID_NO and direction == BACKWARD:
        return _goes_on(tokens, at)
    if phrase == ("if",):
        return any(word in _PERSISTS for word, _, _ in tokens[at + 2 : at + 2 + _FRAME])
    if phrase == ("<year>",):
        return at == 0 or not tokens[at - 1][0].isalpha() or tokens[at - 1][0] in _BEFORE_A_DATE
    return False


_BEFORE_A_DATE = word_set(
    "in on since from until till by of during and to january february march april may june july august september"
    " october november december jan feb mar apr jun jul aug sep sept oct nov dec spring summer autumn fall winter"
    " diagnosed dx'd dx onset year"
)
_SAID_NO = ("denied",)  # "pain denied." speaks of the pain; "has pain and denied fever" does not


def _goes_on(tokens: list[Spanned], at: int) -> bool:
    return at + 1 < len(tokens) and tokens[at + 1][0] not in (".", ",", ";", ")", ":")


def _triggers_at(tokens: list[Spanned], at: int) -> list[tuple[tuple[str, ...], Context | None, str]]:
    """The longest triggers that start here: all of the same length (a word may work forward and backward)."""
    hits: list[tuple[tuple[str, ...], Context | None, str]] = []
    for phrase, context, direction in _TRIGGERS.get(tokens[at][0], ()):
        if hits and len(phrase) < len(hits[0][0]):
            break
        if len(phrase) <= len(tokens) - at and all(tokens[at + i][0] == word for i, word in enumerate(phrase)):
            hits.append((phrase, context, direction))
    return [h for h in hits if h[1] is None] or hits


def _reach(tokens: list[Spanned], at: int, length: int, context: Context, direction: str) -> list[Coloured]:
    if direction == FORWARD:
        first, last, reach = at + length, at + length, _REACH.get(context, 30)
        while last < len(tokens) and last - first < reach and not _stops(tokens, last, context):
            last += 1
    else:
        first = last = at
        if tokens[at : at + length][0][0] in _PASSES_COMMA and first and tokens[first - 1][0] == ",":
            first -= 1
        reach = _YEAR_REACH if tokens[at][0] == "<year>" else _BACK_REACH
        while first > 0 and last - first < reach and not _stops(tokens, first - 1, context):
            if reach == _YEAR_REACH and tokens[first - 1][0] in (",", ":"):
                break
            first -= 1
    if first >= last:
        return []
    return [Coloured(tokens[first][1], tokens[last - 1][2], context, tokens[at][1], tokens[at + length - 1][2])]


_AFFIRMS = word_set(
    "endorses reports reported positive has admits with states who which accompanied complained complaining complains"
    " consulted presenting"
)
_VERBS = word_set(
    "is are was were remains remain persists persist continues progressed developed presented presents appeared began"
    " showed shows worsened"
)
_NEAR = 5  # words in which a clause shows its verb


def _new_clause(tokens: list[Spanned], at: int) -> bool:
    """Whether a clause of its own begins after this comma or "and": a verb comes before the next comma."""
    for word, _, _ in tokens[at + 1 : at + 1 + _NEAR]:
        if word in _VERBS:
            return True
        if word in (",", ";", ".", "and"):
            return False
    return False


def _stops(tokens: list[Spanned], at: int, context: Context) -> bool:
    word = tokens[at][0]
    if word in STOPS or word in ";?":
        return True
    if word == "." and at + 1 < len(tokens):
        return not (at and len(tokens[at - 1][0]) == 1 and tokens[at - 1][2] == tokens[at][1])  # "C. diff"
    if word == "<has>":
        return True
    if context is Context.NEGATED and (word in _AFFIRMS or (word in (",", "and") and _new_clause(tokens, at))):
        return True
    if context is Context.FAMILY and word in ("he", "she", "patient", "denies"):
        return True
    if context is Context.HISTORICAL and word in (
        "now",
        "who",
        "currently",
        "today",
        "he",
        "she",
        "presenting",
        "here",
    ):
        return True
    # "pneumonia vs bronchitis, hypertension": doubt about one problem does not pass the comma in a list of problems
    return context in (Context.UNCERTAIN, Context.RESOLVED) and word == ","


def context_of(coloured: Sequence[Coloured], start: int, end: int) -> Context | None:
    """The strongest context over the mention text[start:end], None where the mention simply stands.

    A trigger inside the mention ("history of gout", "rule out" in a code's own name) does not colour it.
    """
    found = [
        c.context for c in coloured if c.start < end <= c.end and not (start <= c.trigger_start < c.trigger_end <= end)
    ]
    return min(found, key=STRENGTH.__getitem__, default=None)
