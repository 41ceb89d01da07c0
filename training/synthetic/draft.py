"""The parts of a note: reason, story, histories, reviews, findings, assessment, plan, each written one of many ways.

A `Draft` holds one visit and one stream of chance. Its methods return sentences or short lists; `notes.py` lays them
out. What must not be coded (negated, past, in the family, suspected, copied forward) is mixed in at the world's rates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from training.synthetic import boilerplate as bank
from training.synthetic.chance import Chance
from training.synthetic.clinic import Course
from training.synthetic.visits import Done, Problem, Visit
from training.synthetic.wording import capital, fill
from training.synthetic.world import World

_VERB = re.compile(r"^(continue|start|increase|refill|add|discussed|begin)\b\s*", re.IGNORECASE)
_DATES = ("%m/%d/%Y", "%m/%d/%y", "%B %d, %Y", "%Y-%m-%d", "%d %b %Y", "%m-%d-%Y")


@dataclass(frozen=True, slots=True)
class Item:
    """One problem of the assessment: its name as written, and the sentences of its plan."""

    name: str
    lines: tuple[str, ...]


class Draft:
    """One note in the making."""

    def __init__(self, world: World, visit: Visit, earlier: tuple[Visit, ...], chance: Chance, level: float) -> None:
        self.world, self.visit, self.earlier, self.chance, self.level = world, visit, earlier, chance, level
        self.terms = world.notes
        self._dates = chance.one_of(_DATES)
        self.names = self._people()

    # ---- words -------------------------------------------------------------------------------------------------

    def _people(self) -> dict[str, str]:
        """What `{name}`, `{he}` and the like stand for in this note."""
        person, visit = self.visit.person, self.visit
        age, female = person.age(visit.on), person.patient.sex.value == "F"
        name, doctor = person.patient.name, visit.doctor.name
        signed = fill(
            self.chance.one_of(bank.TITLES), self.chance, {"name": f"{doctor.first} {doctor.last}", "last": doctor.last}
        )
        adult = "female" if female else "male"
        noun = {True: ("girl", adult), False: (("woman" if female else "man"), adult)}[age < 18] if female else {
            True: ("boy", adult), False: ("man", adult)}[age < 18]  # fmt: skip
        months = max(1, (visit.on - person.patient.birth_date).days // 30)
        last_seen = self.earlier[-1].on if self.earlier else visit.on - timedelta(days=self.chance.between(60, 500))
        return {
            "name": f"{name.first} {name.last}",
            "first": name.first,
            "last": name.last,
            "title": ("Ms." if female else "Mr.") if age >= 18 else name.first,
            "age": str(age) if age else str(months // 12 or 1),
            "sex": "F" if female else "M",
            "noun": self.chance.one_of(noun),
            "he": "she" if female else "he",
            "He": "She" if female else "He",
            "pos": "her" if female else "his",
            "Pos": "Her" if female else "His",
            "born": self.day(person.patient.birth_date),
            "date": self.day(visit.on),
            "record": person.patient.record_number,
            "doctor": signed,
            "specialty": visit.specialty.name,
            "last_seen": self.day(last_seen),
            "site": visit.site,
        }

    def day(self, on: date) -> str:
        """A date the way this note writes dates."""
        return on.strftime(self._dates)

    def say(self, text: str, **more: str) -> str:
        """The text filled with this note's names."""
        return fill(text, self.chance, {**self.names, **more})

    def pick(self, texts: tuple[str, ...], **more: str) -> str:
        """One of the texts, filled."""
        return self.say(self.chance.one_of(texts), **more)

    def sided(self, text: str, problem: Problem) -> str:
        """A world's words about a problem, its side put in."""
        return self.say(text, side=problem.side)

    def name(self, problem: Problem) -> str:
        """The problem as this doctor writes it: the long form or the short one."""
        condition = problem.condition
        short = condition.short and self.chance.happens(0.15 + 0.75 * self.level)
        return self.sided(self.chance.one_of(condition.short if short else condition.phrases), problem)

    # ---- the story ---------------------------------------------------------------------------------------------

    def why(self) -> str:
        """The reason for the visit, as a noun phrase."""
        main = self.visit.problems[0]
        if self.visit.procedure_only:
            return self.say("{scheduled|planned} {procedure|treatment} for ") + self.sided(
                main.condition.phrases[0], main
            )
        if main.condition.complaints:
            return self.sided(self.chance.one_of(main.condition.complaints), main)
        return f"follow-up of {self.name(main)}"

    def standing(self) -> str:
        """Whether the patient is new, which decides the family of visit codes."""
        return self.pick(bank.NEW if self.visit.new_patient else bank.RETURNING)

    def about(self, problem: Problem) -> str:
        """One sentence of history on a problem; empty when there is nothing to tell."""
        told = [self.sided(s, problem) for s in self.chance.some_of(problem.condition.symptoms, 3)]
        if not told:
            return ""
        s1, s2, s3 = (told * 3)[:3]
        texts: tuple[str, ...] = bank.KNOWN if problem.known and len(told) > 1 else bank.FRESH
        if problem.condition.course is Course.PREVENTIVE:
            texts = bank.WELL
        if len(told) == 1:
            return capital(told[0]) + "."
        if len(told) == 2:
            texts = tuple(t for t in texts if "{s3}" not in t)
        name = self.name(problem)
        return self.pick(texts, problem=name, Problem=capital(name), s1=s1, s2=s2, s3=s3, s1C=capital(s1))

    def denial(self) -> str:
        """What the patient denies, none of it a symptom of today's problems."""
        told = " ".join(s for p in self.visit.problems for s in (*p.condition.symptoms, *p.condition.complaints))
        free = [d for d in bank.DENIED if d.split()[-1].rstrip("s") not in told]
        a, b, c, d = self.chance.some_of(free, 4)
        return self.pick(bank.DENIALS, a=a, b=b, c=c, d=d)

    def absence(self) -> str:
        """A condition that is not there: never one of this patient's."""
        own = [p for v in (self.visit, *self.earlier) for p in v.problems]
        words = " ".join(w for p in own for w in (p.condition.name, *p.condition.phrases, *p.suspects)).lower()
        others = [
            c.phrases[0]
            for c in self.world.conditions
            if not c.sided and c.course is not Course.PREVENTIVE and c.name not in words
        ]
        free = [x for x in bank.ABSENT if not any(w[:6] in words for w in x.lower().split() if len(w) > 4)]
        categories = {code[:3] for p in own for code in p.codes}
        others = [c for c in others if not self._shares(c, categories)]
        chosen = self.chance.one_of(free if self.chance.happens(0.6) or not others else others)
        text = self.chance.one_of(bank.ABSENCES)
        return capital(self.say(text, x=chosen))

    def _shares(self, phrase: str, categories: set[str]) -> bool:
        """Whether the condition of that phrase is coded in one of the categories, or is a symptom."""
        found = next(c for c in self.world.conditions if c.phrases[0] == phrase)
        return found.course is Course.SYMPTOM or any(code[:3] in categories for code in found.codes[""])

    def story(self) -> list[str]:
        """The history of the present illness, sentence by sentence."""
        opening = self.pick(bank.OPENINGS, why=self.why())
        standing = self.standing()
        sentences = [opening, standing] if self.chance.happens(0.7) else [standing, opening]
        sentences += [s for s in (self.about(p) for p in self.visit.problems) if s]
        if self.chance.happens(0.75):
            sentences.append(self.denial())
        if self.chance.happens(self.terms.negated_condition):
            sentences.insert(self.chance.between(2, len(sentences)), self.absence())
        return sentences

    # ---- histories ---------------------------------------------------------------------------------------------

    def past(self) -> list[str]:
        """Past history: over and done with, or chronic and looked after at another visit."""
        items = [self._year(x) for x in self.chance.some_of(bank.PAST, self.chance.between(1, 3))]
        age, female = int(self.names["age"]), self.names["sex"] == "F"
        kept = [i for i in items if female or not ("pregnan" in i or "gestational" in i or "C-section" in i)]
        if age < 18:
            kept = [i for i in kept if any(w in i for w in ("tonsil", "chickenpox", "concussion", "appendectomy"))]
        today = {p.condition.name for p in self.visit.problems}
        others = {p.condition.name: p for v in self.earlier for p in v.problems if p.condition.name not in today}
        chronic = [p for p in others.values() if p.condition.course is Course.CHRONIC]
        kept += [self.sided(p.condition.phrases[0], p) for p in self.chance.some_of(chronic, 2)]
        return kept or ["noncontributory"]

    def _year(self, text: str) -> str:
        born = self.visit.person.patient.birth_date.year
        year = self.chance.between(min(born + 5, self.visit.on.year - 1), self.visit.on.year - 1)
        return self.say(text, year=str(year))

    def past_sentence(self) -> str:
        """The past history in a sentence."""
        items = self.past()
        x, y = (items * 2)[:2]
        return self.pick(bank.PAST_SENTENCES if x != y else ("Past history: {x}.", "Background: {x}."), x=x, y=y)

    def family(self) -> str:
        """A relative's illness."""
        x, y = self.chance.some_of(bank.FAMILY_ILLS, 2)
        one, two = self.chance.some_of(bank.RELATIVES, 2)
        return self.pick(bank.FAMILY, x=x, y=y, rel=one, rell=one.lower(), rel2l=two.lower())

    def social(self) -> list[str]:
        """Habits and home."""
        child = int(self.names["age"]) < 18
        smokes = any("nicotine" in p.condition.name for v in (self.visit, *self.earlier) for p in v.problems)
        texts: tuple[str, ...] = bank.CHILD_SOCIAL if child else bank.SOCIAL
        if smokes:  # nothing that gainsays today's problem
            texts = tuple(t for t in texts if "moke" not in t and "obacco" not in t)
        said = self.chance.some_of(texts, self.chance.between(1, 3))
        year = str(self.visit.on.year - self.chance.between(2, 20))
        return [self.say(s, year=year, job=self.chance.one_of(bank.JOBS)) for s in said]

    def medications(self) -> list[str]:
        """Drugs the plan mentions as already taken, by name and dose."""
        drugs = [d for p in self.visit.problems if p.known for d in p.drugs]
        return [_VERB.sub("", self.say(d)).rstrip(".") for d in drugs] or ["none"]

    def forwarded(self) -> list[str]:
        """Text copied from an earlier note: what was treated then, not today."""
        before = self.chance.one_of(self.earlier)
        lines = []
        for problem in before.problems:
            plan = self.say(self.chance.one_of(problem.condition.plans or ("Observe.",)), side=problem.side)
            lines.append(self.say("{- |* |}") + f"{capital(self.name(problem))}{self.say('{: |. | - }')}{plan}")
        return [self.pick(bank.FORWARDED, when=self.day(before.on)), *lines]

    # ---- findings ----------------------------------------------------------------------------------------------

    def review(self) -> list[tuple[str, str]]:
        """System and finding pairs of the review of systems."""
        systems = self.chance.some_of(bank.REVIEW, self.chance.between(3, 8))
        order = [s for s in bank.REVIEW if s in systems]
        return [(name, self._noted(found)) for name, found in order]

    def _noted(self, found: tuple[str, ...]) -> str:
        """One of the findings of a system, or two that go together."""
        if self.chance.happens(0.65):
            return self.chance.one_of(found)
        return ", ".join(self.chance.some_of([f for f in found if f != "negative"], 2))

    def vitals(self) -> str:
        """One line of measurements, higher pressure in hypertension, a fever where there is one; never twice alike."""
        names = {p.condition.name for p in self.visit.problems}
        age, high = int(self.names["age"]), any("hypertension" in n for n in names)
        top = self.chance.between(132, 156) if high else self.chance.between(104, 131)
        if age < 14:
            top = self.chance.between(88, 112)
        low = round(top * self.chance.uniform(0.58, 0.66))
        feverish = bool(names & {"fever", "influenza a", "streptococcal pharyngitis", "otitis media"})
        warm = self.chance.uniform(100.4, 102.8) if feverish else self.chance.uniform(97.2, 99.0)
        parts = {
            "BP": f"{top}/{low}",
            "HR": str(self.chance.between(58, 96) + (25 if age < 8 else 0)),
            "T": f"{warm:.1f}",
            "RR": str(self.chance.between(12, 20)),
            "SpO2": f"{self.chance.between(95, 99)}%",
            "Wt": f"{self.chance.between(128, 231) if age > 15 else 9 + age * 6} lb",
        }
        if "obesity" in names:
            parts["BMI"] = f"32.{self.chance.between(0, 9)}"
        shown = self.chance.some_of(list(parts), self.chance.between(3, 6))
        mark, gap = self.chance.one_of((" ", ": ", "=")), self.chance.one_of((", ", "  ", "; ", " | "))
        return gap.join(f"{k}{mark}{parts[k]}" for k in parts if k in shown or k == "BMI")

    def examination(self) -> list[tuple[str, str]]:
        """Systems examined, today's findings among them."""
        count = self.chance.between(3, 7) if not self.visit.procedure_only else self.chance.between(1, 2)
        systems = self.chance.some_of(bank.EXAM, count)
        order = [s for s in bank.EXAM if s in systems]
        lines = [(name, self._noted(found)) for name, found in order]
        for problem in self.visit.problems:
            found = self.chance.some_of(problem.condition.findings, self.chance.between(1, 2))
            at = self.chance.between(0, len(lines))
            lines[at:at] = [("", capital(self.sided(f, problem))) for f in found]
        return lines

    def results(self) -> list[str]:
        """Tests reviewed."""
        return [self.sided(r, p) for p in self.visit.problems for r in p.results]

    def procedure(self, done: Done) -> str:
        """The words for one procedure that was done."""
        words = self.world.procedures[done.code].words
        joint = next((j for j in ("knee", "shoulder", "hip") if j in " ".join(done.condition.phrases)), "joint")
        side = done.side or self.chance.one_of(("right", "left"))
        return capital(self.say(self.chance.one_of(words), side=side, joint=joint, units=str(done.units)))

    def procedures(self) -> list[str]:
        """What was done, one sentence or two each; the yearly wellness visit among them."""
        told = [d for d in self.visit.done if self.world.procedures[d.code].words]
        silent = {"90471", "90472", "96372"}
        lines = [self.procedure(d) for d in told if d.told or d.code not in ("J3301", *silent)]
        for billed in self.visit.billed:
            if billed.code in ("G0438", "G0439"):
                lines.insert(0, self.pick(self.world.procedures[billed.code].words))
        return lines

    # ---- assessment and plan -----------------------------------------------------------------------------------

    def items(self) -> list[Item]:
        """The problems of the assessment with their plans."""
        return [Item(self.name(p), tuple(self._plan(p))) for p in self.visit.problems]

    def _plan(self, problem: Problem) -> list[str]:
        lines = [self.sided(x, problem) for x in (*problem.drugs, *problem.plans)]
        if self.chance.happens(0.4):
            lines.reverse()
        if self.chance.happens(0.55) and problem.condition.course is not Course.PREVENTIVE:
            lines.insert(0, self.chance.one_of(bank.STATES if problem.known else bank.FRESH_STATES))
        if problem.suspects:
            x = problem.suspects[0]
            y = problem.suspects[-1] if len(problem.suspects) > 1 else "other causes"
            at = self.chance.between(0, len(lines))
            lines.insert(at, self.pick(bank.SUSPICIONS, x=x, X=capital(x), y=y))
        return lines

    def minutes(self) -> str:
        """A statement of time that agrees with the visit's level; empty for check-ups and procedures alone."""
        billed = {b.code for b in self.visit.billed}
        bounds = {"99202": (15, 29), "99203": (30, 44), "99204": (45, 59), "99205": (60, 74)}
        bounds |= {"99212": (10, 19), "99213": (20, 29), "99214": (30, 39), "99215": (40, 54)}
        code = next((c for c in sorted(bounds) if c in billed), "")
        if not code or len(billed & set(bounds)) > 1:
            return ""
        spent = str(self.chance.between(*bounds[code]))
        return self.pick(bank.MINUTES, spent=spent)

    def closing(self) -> list[str]:
        """The last sentences."""
        said = [self.say(c) for c in self.chance.some_of(bank.CLOSINGS, self.chance.between(0, 2))]
        if self.chance.happens(0.25) and (spent := self.minutes()):
            said.append(spent)
        return said

    def head(self) -> str:
        """Name, dates and number at the top; many notes have none."""
        return self.pick(bank.HEADS) if self.chance.happens(0.6) else ""

    def signature(self) -> str:
        """Who wrote it."""
        return self.pick(bank.SIGNATURES) if self.chance.happens(0.6) else ""
