"""The clinical note of a visit, in one of several styles, no two laid out alike.

    soap       S, O, A, P under letters or words           letter    to a colleague, in paragraphs
    headed     sections in capitals, headed problems        terse     a few lines, everything cut short
    problem    a short history, then # problems             dictated  running text with spoken headings
    numbered   sections in title case, numbered problems

Each doctor has a favourite style and a habit of abbreviating; sections, their names and their order vary per note.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from training.synthetic import boilerplate as bank
from training.synthetic.chance import Chance
from training.synthetic.draft import Draft, Item
from training.synthetic.visits import Visit
from training.synthetic.wording import abbreviate, capital, listed, mistype, wrapped
from training.synthetic.world import World

_FAVOURITE = 0.6  # share of a doctor's notes in the doctor's favourite style
_WRAPPED = 0.08

_HEADINGS: dict[str, tuple[str, ...]] = {
    "why": ("Chief Complaint", "CC", "Reason for Visit", "Presenting Complaint", "Reason for Encounter"),
    "story": ("History of Present Illness", "HPI", "Interval History", "Subjective", "History", "Present Illness"),
    "past": ("Past Medical History", "PMH", "Past History", "Medical History", "PMHx"),
    "family": ("Family History", "FH", "FHx", "Family Hx"),
    "social": ("Social History", "SH", "Social", "SHx"),
    "medications": ("Medications", "Current Medications", "Meds", "Current Meds"),
    "allergies": ("Allergies", "Allergy", "Drug Allergies"),
    "review": ("Review of Systems", "ROS", "Systems Review"),
    "vitals": ("Vital Signs", "Vitals", "VS"),
    "exam": ("Physical Examination", "Physical Exam", "Exam", "PE", "Examination", "Objective"),
    "results": ("Results", "Data", "Labs and Studies", "Data Reviewed", "Labs"),
    "procedures": ("Procedure", "Procedures", "In-Office Procedures", "Done Today", "Services Today"),
    "forwarded": ("Prior Notes", "Previous Visit", "Interval Notes", "Old Records"),
    "plan": (
        "Assessment and Plan", "A/P", "Assessment/Plan", "Impression and Plan", "Assessment & Plan",
        "Impression and Recommendations", "Medical Decision Making", "Problems and Plan",
    ),
    "assessment": ("Assessment", "Impression", "Diagnoses", "Dx", "Problems"),
    "orders": ("Plan", "Recommendations", "Plan of Care", "Orders and Plan"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Form:
    """How this note writes headings and lists."""

    case: str
    colon: str
    inline: bool
    gap: str
    bullet: str

    def heading(self, name: str) -> str:
        return {"upper": name.upper(), "title": name, "lower": name.lower()}[self.case] + self.colon


def _form(chance: Chance, upper: float) -> _Form:
    case = "upper" if chance.happens(upper) else chance.weighted([("title", 8.0), ("lower", 1.0)])
    return _Form(
        case=case,
        colon=chance.one_of((":", ":", "", " -") if case != "lower" else (":", " -")),
        inline=chance.happens(0.35),
        gap=chance.one_of(("\n", "\n\n", "\n\n")),
        bullet=chance.one_of(("- ", "• ", "* ", "  - ", "", "-> ")),
    )


class _Page:
    """A note being laid out: sections are added, then joined."""

    def __init__(self, draft: Draft, form: _Form) -> None:
        self.draft, self.form, self.chance = draft, form, draft.chance
        self.sections: list[str] = []

    def add(self, kind: str, lines: list[str]) -> None:
        """A section under one of its headings; nothing when there are no lines."""
        if not lines:
            return
        heading = self.form.heading(self.chance.one_of(_HEADINGS[kind]))
        inline = self.form.inline and len(lines) == 1
        self.sections.append(f"{heading} {lines[0]}" if inline else "\n".join([heading, *lines]))

    def pairs(self, pairs: list[tuple[str, str]]) -> list[str]:
        """System: finding, each on its line, or all in one paragraph."""
        texts = [f"{name}: {found}" if name else found for name, found in pairs]
        if self.chance.happens(0.5):
            return [f"{self.form.bullet}{t.rstrip('.')}." for t in texts]
        return [" ".join(f"{t.rstrip('.')}." for t in texts)]

    def histories(self) -> None:
        """Past, family, social, drugs, allergies: some of them, in some order."""
        draft, chance, terms = self.draft, self.chance, self.draft.terms
        parts: list[tuple[str, Callable[[], list[str]], float]] = [
            ("past", lambda: self.listing(draft.past()), terms.history_of),
            ("family", lambda: [draft.family()], terms.family_history),
            ("social", lambda: [" ".join(draft.social())], 0.4),
            ("medications", lambda: self.listing(draft.medications()), 0.45),
            ("allergies", lambda: [chance.one_of(bank.ALLERGIES)], 0.35),
        ]
        for kind, made, share in chance.some_of(parts, len(parts)):
            if chance.happens(share):
                self.add(kind, made())

    def listing(self, items: list[str]) -> list[str]:
        """Items one per line, or in a sentence."""
        if self.chance.happens(0.5):
            return [f"{self.form.bullet}{capital(i)}" for i in items]
        return [capital(listed(items)) + "."]

    def findings(self) -> None:
        """Review of systems, vitals, examination, results, what was done."""
        draft, chance = self.draft, self.chance
        if chance.happens(0.6) and not draft.visit.procedure_only:
            lines = self.pairs(draft.review())
            self.add("review", [*lines, chance.one_of(bank.REVIEW_LINES)] if chance.happens(0.4) else lines)
        vitals, exam = draft.vitals(), self.pairs(draft.examination())
        if chance.happens(0.5):
            self.add("vitals", [vitals])
            self.add("exam", exam)
        else:
            self.add("exam", [vitals, *exam] if chance.happens(0.8) else exam)
        self.add("results", self.bulleted(draft.results()))
        self.add("procedures", self.bulleted(draft.procedures()))

    def bulleted(self, lines: list[str]) -> list[str]:
        """The lines with this note's bullets."""
        return [f"{self.form.bullet}{line}" for line in lines]

    def forwarded(self) -> None:
        """Copied-forward text, where there is an earlier visit to copy from."""
        if self.draft.earlier and self.chance.happens(self.draft.terms.copied_forward):
            lines = self.draft.forwarded()
            if self.chance.happens(0.5):
                self.add("forwarded", lines)
            else:
                self.sections.append("\n".join(lines))

    def text(self) -> str:
        """The sections under the head, above the signature."""
        parts = [self.draft.head(), *self.sections, self.draft.signature()]
        return self.form.gap.join(p for p in parts if p)


def _headed_items(page: _Page, items: list[Item]) -> list[str]:
    """Each problem a header line, its plan below."""
    stop, labels = page.chance.one_of((".", ":", "")), page.chance.happens(0.3)
    lines = []
    for item in items:
        lines.append(capital(item.name) + stop)
        for line in item.lines:
            label = page.chance.one_of(("Plan: ", "Treatment: ", "Reasoning: ", "Advice: ")) if labels else ""
            lines.append(f"{page.form.bullet or '- '}{label}{line}")
    return lines


def _marked_items(page: _Page, items: list[Item], numbered: bool) -> list[str]:
    """# problem, or 1. problem, with the plan on the same line or on dashes."""
    mark, dash = page.chance.one_of(("# ", "#", "## ", "Problem: ")), page.chance.one_of((" - ", ": ", ". ", " -- "))
    stop, same = page.chance.one_of((". ", ") ", " - ")), page.chance.happens(0.5)
    lines = []
    for number, item in enumerate(items, start=1):
        first = (f"{number}{stop}" if numbered else mark) + capital(item.name)
        if same:
            lines.append(first + dash + " ".join(item.lines))
        else:
            lines += [first, *(f"  {page.form.bullet.strip() or '-'} {line}" for line in item.lines)]
    return lines


def _soap(draft: Draft) -> str:
    page = _Page(draft, _form(draft.chance, 0.5))
    letters = draft.chance.happens(0.5)
    s, o, a, p = ("S", "O", "A", "P") if letters else ("Subjective", "Objective", "Assessment", "Plan")
    story = " ".join(draft.story())
    extra = draft.past_sentence() if draft.chance.happens(draft.terms.history_of) else ""
    family = draft.family() if draft.chance.happens(draft.terms.family_history) else ""
    page.sections.append(f"{page.form.heading(s)} " + " ".join(x for x in (story, extra, family) if x))
    page.forwarded()
    found = [draft.vitals(), *page.pairs(draft.examination()), *draft.results(), *draft.procedures()]
    page.sections.append("\n".join([page.form.heading(o), *found]))
    items, numbers = draft.items(), draft.chance.happens(0.6)
    if draft.chance.happens(0.4):
        page.sections.append("\n".join([page.form.heading("A/P"), *_marked_items(page, items, numbers)]))
    else:
        names = [f"{n}. {capital(i.name)}" if numbers else capital(i.name) for n, i in enumerate(items, start=1)]
        page.sections.append("\n".join([page.form.heading(a), *names]))
        plans = [line for i in items for line in i.lines]
        page.sections.append("\n".join([page.form.heading(p), *page.bulleted([*plans, *draft.closing()])]))
    return page.text()


def _sectioned(draft: Draft, upper: float, style: str) -> str:
    """The headed, problem and numbered styles: they differ in the headings' case and in the assessment."""
    page, chance = _Page(draft, _form(draft.chance, upper)), draft.chance
    if chance.happens(0.75):
        page.add("why", [capital(draft.why()) + chance.one_of((".", ""))])
    story = draft.story()
    if style == "problem" and chance.happens(0.5):
        page.sections.append(" ".join(story))
    else:
        page.add("story", [" ".join(story[:2]), *story[2:]] if chance.happens(0.4) else [" ".join(story)])
    blocks: list[Callable[[], None]] = [page.histories, page.findings, page.forwarded]
    if chance.happens(0.15):
        blocks = [page.findings, page.histories, page.forwarded]
    for block in blocks:
        block()
    items = draft.items()
    lines = _headed_items(page, items) if style == "headed" else _marked_items(page, items, style == "numbered")
    if chance.happens(0.2):
        page.add("assessment", page.bulleted([capital(i.name) for i in items]))
        page.add("orders", page.bulleted([line for i in items for line in i.lines]))
    else:
        page.add("plan", lines)
    if closing := draft.closing():
        page.sections.append(" ".join(closing))
    return page.text()


def _letter(draft: Draft) -> str:
    """A letter to whoever referred the patient, or to the file."""
    chance, visit = draft.chance, draft.visit
    to = f"Dear Dr. {visit.referring.name.last}," if visit.referring else chance.one_of(
        ("Dear Colleague,", "To the primary care office,", "Dear Doctor,", "For the file:"))  # fmt: skip
    thanks = draft.say("{Thank you for asking me to see|I saw|It was a pleasure to see|Thank you for sending} ")
    opening = f"{thanks}{draft.names['name']} on {draft.names['date']} for {draft.why()}."
    standing = draft.standing()
    known = visit.referring is not None and chance.happens(0.3)
    opening += f" As you know, {standing[:1].lower()}{standing[1:]}" if known else f" {standing}"
    first = [opening, *draft.story()[2:]]
    if chance.happens(draft.terms.history_of):
        first.append(draft.past_sentence())
    if chance.happens(draft.terms.family_history):
        first.append(draft.family())
    found = " ".join(f"{n}: {f.rstrip('.')}." if n else f"{f.rstrip('.')}." for n, f in draft.examination())
    second = [draft.say("{On examination|Examination|Today} ") + draft.vitals() + ".", found, *draft.results()]
    paragraphs = [to, " ".join(first), " ".join(second), " ".join(draft.procedures())]
    for item in draft.items():
        start = chance.one_of(
            ("My impression is {x}.", "In summary: {x}.", "{X}.", "Diagnosis: {x}.", "I believe this is {x}.")
        )
        said = start.replace("{x}", item.name).replace("{X}", capital(item.name))
        paragraphs.append(f"{said} {' '.join(item.lines)}")
    if draft.earlier and chance.happens(draft.terms.copied_forward):
        paragraphs.insert(2, "\n".join(draft.forwarded()))
    paragraphs.append(" ".join(draft.closing()))
    return "\n\n".join(p for p in [draft.head(), *paragraphs, draft.signature()] if p)


def _terse(draft: Draft) -> str:
    """A few lines, one for each thing."""
    chance, names = draft.chance, draft.names
    who = draft.say("{age}{yo |}{sex}{ |, }") if chance.happens(0.6) else draft.say("{last} {age}{sex} ")
    standing = "new pt" if draft.visit.new_patient else chance.one_of(("f/u", "est pt", "recheck", "return visit"))
    lines = [draft.head(), f"{who}{standing}, {draft.why()}."]
    lines += [s for s in (draft.about(p) for p in draft.visit.problems) if s and chance.happens(0.8)]
    if chance.happens(0.6):
        lines.append(draft.denial())
    if chance.happens(draft.terms.negated_condition):
        lines.append(draft.absence())
    if chance.happens(draft.terms.history_of):
        lines.append("PMH " + ", ".join(draft.past()))
    if chance.happens(draft.terms.family_history / 2):
        lines.append("FH " + draft.family())
    lines.append(draft.vitals())
    exam = "; ".join(f"{n} {f}".strip().rstrip(".") for n, f in draft.examination())
    lines.append(chance.one_of(("O: ", "PE: ", "Exam ", "")) + exam)
    lines += [*draft.results(), *draft.procedures()]
    if draft.earlier and chance.happens(draft.terms.copied_forward):
        lines += draft.forwarded()
    lines.append(chance.one_of(("A/P", "A/P:", "Imp/Plan:", "Dx:", "Assessment:", "A&P -")))
    mark = chance.one_of(("- ", "# ", "", "* "))
    lines += [f"{mark}{i.name}: {' '.join(i.lines)}" for i in draft.items()]
    return "\n".join(line for line in [*lines, *draft.closing(), draft.signature() or names["doctor"]] if line)


def _dictated(draft: Draft) -> str:
    """Running text with spoken headings, as a transcription comes back."""
    chance = draft.chance
    parts = [draft.head(), draft.say("{This is a dictation for|Dictating on|Note for} ") + draft.names["name"] + "."]
    parts.append(" ".join(draft.story()))
    if chance.happens(draft.terms.history_of):
        parts.append(draft.past_sentence())
    if chance.happens(draft.terms.family_history):
        parts.append(draft.say("{Family history.|On family history,} ") + draft.family())
    found = " ".join(f"{n} {f.rstrip('.')}." .strip() for n, f in draft.examination())  # fmt: skip
    parts.append(draft.say("{Physical exam.|On exam,|Examination today.} ") + draft.vitals() + ". " + found)
    parts.append(" ".join([*draft.results(), *draft.procedures()]))
    if draft.earlier and chance.happens(draft.terms.copied_forward):
        parts.append(" ".join(draft.forwarded()))
    counted = ("First", "Second", "Third", "Fourth", "Next", "Next", "Next")
    said = [f"{c}, {i.name}. {' '.join(i.lines)}" for c, i in zip(counted, draft.items(), strict=False)]
    head = chance.one_of(("Impression.", "Impression and plan.", "Assessment and plan.", "My assessment."))
    parts.append(head + (" " if chance.happens(0.5) else "\n") + " ".join(said))
    parts.append(" ".join(draft.closing()))
    joint = chance.one_of(("\n\n", "\n", "\n\n"))
    return joint.join(p for p in [*parts, draft.signature()] if p)


_STYLES: dict[str, Callable[[Draft], str]] = {
    "soap": _soap,
    "headed": lambda d: _sectioned(d, 0.85, "headed"),
    "problem": lambda d: _sectioned(d, 0.4, "problem"),
    "numbered": lambda d: _sectioned(d, 0.25, "numbered"),
    "letter": _letter,
    "terse": _terse,
    "dictated": _dictated,
}


def write(world: World, visit: Visit, earlier: tuple[Visit, ...], chance: Chance) -> str:
    """The note of `visit`; `earlier` are the patient's visits before it, oldest first."""
    habit = Chance(0, f"doctor {visit.doctor.id}")  # the doctor's own: the same in every note
    favourite = habit.weighted(world.notes.styles)
    usual = habit.uniform(*world.notes.abbreviation)
    style = favourite if chance.happens(_FAVOURITE) else chance.weighted(world.notes.styles)
    level = max(usual, 0.7) if style == "terse" else 0.1 if style == "dictated" else usual
    text = _STYLES[style](Draft(world, visit, earlier, chance, level))
    text = abbreviate(text, chance, level * 0.8)
    text = mistype(text, chance, world.notes.typing_error)
    return (wrapped(text, 84) if chance.happens(_WRAPPED) else text).strip() + "\n"
