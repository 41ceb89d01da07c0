"""Every code a world can sign is real: ICD-10-CM codes exist and are billable, CPT and HCPCS codes are well formed."""

import re

import pytest

from tests.training.synthetic.worlds import MIDTOWN, RURAL, made
from training.synthetic.visits import VACCINE_DIAGNOSIS
from training.synthetic.world import load


@pytest.mark.parametrize("path", [MIDTOWN, RURAL], ids=lambda p: p.stem)
def test_every_diagnosis_of_a_world_exists_and_is_a_leaf(path):
    import simple_icd_10_cm as icd

    world = load(path)
    codes = {VACCINE_DIAGNOSIS}
    for condition in world.conditions:
        codes.update(code for group in condition.codes.values() for code in group)
        codes.update(condition.with_findings)
        codes.update([condition.unspecified] if condition.unspecified else [])
    assert len(codes) > 60
    assert [c for c in sorted(codes) if not icd.is_valid_item(c) or not icd.is_leaf(c)] == []


@pytest.mark.parametrize("path", [MIDTOWN, RURAL], ids=lambda p: p.stem)
def test_sides_and_codes_agree(path):
    import simple_icd_10_cm as icd

    for condition in load(path).conditions:
        for side, codes in condition.codes.items():
            if side in ("right", "left"):
                assert side in icd.get_description(codes[0]), (condition.name, codes)


def test_every_phrase_of_a_sided_condition_tells_the_side():
    for condition in load(MIDTOWN).conditions:
        if condition.sided:
            assert all("{side}" in phrase for phrase in (*condition.phrases, *condition.short)), condition.name


def test_procedure_codes_are_well_formed():
    for code in load(MIDTOWN).procedures:
        assert re.fullmatch(r"\d{5}|[AGJ]\d{4}", code)


def _excluded(code):
    """The codes and categories that Excludes1 notes of the code and of what stands above it name."""
    import simple_icd_10_cm as icd

    notes = [note for level in (code, *icd.get_ancestors(code)) for note in icd.get_excludes1(level)]
    return {named.rstrip("-.") for note in notes for named in re.findall(r"\b[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]*-?)?", note)}


def test_no_visit_codes_what_icd_10_cm_excludes():
    """No code falls under an Excludes1 note of another code of the same visit."""
    for codes in {entry.right.diagnoses for entry in made(2500, 5).entries}:
        for one in codes:
            excluded = _excluded(one) if len(codes) > 1 else set()
            assert [o for o in codes if o != one and any(o.startswith(x) for x in excluded)] == [], (one, codes)
