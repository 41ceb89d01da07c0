"""Notes are various, hold what must not be coded beside what must, and name every problem that is coded."""

import re
from collections import Counter
from dataclasses import replace
from functools import cache

import pytest

from tests.training.synthetic.worlds import made, midtown
from training.synthetic import boilerplate, folder
from training.synthetic.chance import Chance
from training.synthetic.wording import abbreviate, fill, mistype, wrapped

SIDES = ("right", "left", "bilateral")


def _world_words():
    """Everything the world says about conditions and procedures, as patterns with their numbers and choices open."""
    words = set()
    for c in midtown().conditions:
        for group in (
            c.phrases,
            c.short,
            c.complaints,
            c.symptoms,
            c.findings,
            c.results,
            c.plans,
            c.drugs,
            c.suspects,
        ):
            words.update(group)
    return sorted(words, key=len, reverse=True)


@cache
def _mask():
    plain = [re.escape(w).replace(r"\{side\}", "(?:right|left|bilateral)") for w in _world_words() if "<" not in w]
    return re.compile("|".join(plain), re.IGNORECASE)


def skeleton(entry, text):
    """The note without names, numbers and the world's words: what two notes of one template would share."""
    for name in (entry.visit.person.patient.name, entry.visit.doctor.name):
        text = text.replace(name.first, "_").replace(name.last, "_")
    return re.sub(r"\d+", "#", _mask().sub("@", text))


def test_no_template_makes_over_two_percent_of_notes():
    world = made(600, 21)
    first = [e for e in world.entries if not e.duplicate_of]  # a visit entered twice has its note twice, on purpose
    masks = Counter(skeleton(e, world.notes[e.id]) for e in first)
    assert masks.most_common(1)[0][1] <= 0.02 * len(first)


def test_openings_and_headings_vary():
    world = made(600, 21)
    first_lines = Counter(re.sub(r"\d+", "#", world.notes[e.id].split("\n")[0])[:14] for e in world.entries)
    assert len(first_lines) > 120
    assert {"A/P", "Assessment and Plan", "IMPRESSION AND PLAN"} <= {
        h
        for text in world.notes.values()
        for h in re.findall(r"^(A/P|Assessment and Plan|IMPRESSION AND PLAN)", text, re.M)
    }


def test_abbreviations_and_full_words_both_occur():
    text = "\n".join(made().notes.values())
    for short, long in (("HTN", "hypertension"), ("w/o", "without"), ("h/o", "history of"), ("f/u", "follow")):
        assert short in text and long in text.lower()


@cache
def _plainly():
    """Midtown without typing errors, abbreviations or wrapped lines: its notes can be searched."""
    world = midtown()
    notes = replace(world.notes, typing_error=0.0, abbreviation=(0.0, 0.0), styles=(("headed", 1.0), ("letter", 1.0)))
    return folder.make(replace(world, notes=notes), 250, 8)


def _named(text, problem):
    said = re.sub(r"\s+", " ", text).lower()
    for phrase in (*problem.condition.phrases, *problem.condition.short):
        for words in _alternatives(phrase):
            if fill(words, Chance(0, ""), {"side": problem.side}).lower() in said:
                return True
    return False


def _alternatives(phrase):
    found = re.search(r"\{([^{}]*\|[^{}]*)\}", phrase)
    if not found:
        return [phrase]
    return [phrase.replace(found.group(0), choice) for choice in found.group(1).split("|")]


def test_every_coded_problem_is_named_in_the_note():
    world = _plainly()
    for entry in world.entries:
        for problem in entry.visit.problems:
            assert _named(world.notes[entry.id], problem), (problem.condition.name, world.notes[entry.id])


def test_the_note_tells_whether_the_patient_is_new():
    world = _plainly()
    news = [re.sub(r"\W+", " ", n).strip().lower()[:14] for n in boilerplate.NEW]
    for entry in world.entries:
        flat = re.sub(r"\W+", " ", world.notes[entry.id]).lower()
        assert any(n in flat for n in news) == entry.visit.new_patient


def test_suspected_conditions_are_written_and_not_coded():
    world = _plainly()
    written = 0
    for entry in world.entries:
        for problem in entry.visit.problems:
            for suspect in problem.suspects[:1]:
                assert suspect.lower() in re.sub(r"\s+", " ", world.notes[entry.id]).lower()
                assert problem.codes[0] in entry.right.diagnoses
                written += 1
    assert written > 5


def test_some_notes_carry_an_earlier_visit_forward_without_coding_it():
    world, carried = _plainly(), 0
    openings = [o.split("{when}")[0].strip().lower()[:12] for o in boilerplate.FORWARDED]
    for entry in world.entries:
        if any(o in world.notes[entry.id].lower() for o in openings):
            carried += 1
    assert carried > 15


@pytest.mark.parametrize("problem", ["sinus", "strep"])
def test_what_is_absent_is_never_a_problem_of_the_patient(problem):
    """No note says "no evidence of X" of an X it codes."""
    world = _plainly()
    for entry in world.entries:
        flat = re.sub(r"\s+", " ", world.notes[entry.id]).lower()
        for p in entry.visit.problems:
            if problem in p.condition.name:
                assert f"no evidence of {p.condition.phrases[0].lower()}" not in flat


def test_numbers_and_choices_are_filled():
    for text in made().notes.values():
        assert not re.search(r"\{\w*[|}]|<\d", text), text


def test_fill_draws_inside_the_range():
    values = {fill("<6.4-6.6>", Chance(n, "x"), {}) for n in range(60)}
    assert values == {"6.4", "6.5", "6.6"}


def test_both_knees_and_not_the_bilateral_knee():
    assert fill("OA of the {side} knee", Chance(1, ""), {"side": "bilateral"}) == "OA of both knees"


def test_abbreviate_cuts_whole_words_only():
    cut = abbreviate("without pain, brightly, with history of gout", Chance(1, ""), 1.0)
    assert "w/o" in cut and "brightly" in cut and " w/ " in f" {cut} "


def test_mistype_leaves_names_and_short_words_alone():
    assert mistype("Hypertension in Mr. Quigley, BP up", Chance(1, ""), 1.0) == "Hypertension in Mr. Quigley, BP up"
    assert mistype("hypertension", Chance(1, ""), 1.0) != "hypertension"


def test_wrapped_lines_keep_every_word():
    text = "a long line of words " * 20 + "\n\nanother"
    assert wrapped(text, 40).split() == text.split()
    assert max(map(len, wrapped(text, 40).split("\n"))) <= 40
