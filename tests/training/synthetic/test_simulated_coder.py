import argparse
import json

import pytest

from tests.training.synthetic.worlds import MIDTOWN, midtown
from training.synthetic import folder, simulated_coder
from training.synthetic.simulated_coder import decide

ANSWER = {
    "diagnoses": ["M17.11", "E11.65"],
    "procedures": [{"code": "99213", "modifiers": ["25"], "units": 1, "pointers": [1]}],
}


def icd(code, *spans):
    return {"system": "ICD-10-CM", "code": code, "spans": [list(s) for s in spans]}


def cpt(code):
    return {"system": "CPT", "code": code, "spans": []}


def span(note, words):
    start = note.index(words)
    return start, start + len(words)


def reasons(suggested, note=""):
    return {(d["code"], d["decision"]): d["reason"] for d in decide(suggested, ANSWER, note)}


def test_right_codes_are_accepted_and_missing_ones_added():
    made = decide([icd("M17.11"), cpt("99213")], ANSWER, "")
    assert [(d["system"], d["code"], d["decision"]) for d in made] == [
        ("ICD-10-CM", "M17.11", "accept"),
        ("CPT", "99213", "accept"),
        ("ICD-10-CM", "E11.65", "add"),
    ]


def test_reasons_by_the_codes_signed():
    found = reasons([icd("M17.12"), icd("E11.9"), icd("M17.11"), icd("M17.11"), cpt("99214"), cpt("93000")])
    assert found["M17.12", "reject"] == "wrong_side"
    assert found["E11.9", "reject"] == "wrong_specificity"
    assert found["M17.11", "reject"] == "duplicate"
    assert found["99214", "reject"] == "wrong_specificity"
    assert found["93000", "reject"] == "not_supported"


@pytest.mark.parametrize(
    ("note", "words", "reason"),
    [
        ("There is no evidence of gout today.", "gout", "negated"),
        ("Denies asthma.", "asthma", "negated"),
        ("PMH: history of gout.", "gout", "history"),
        ("Mother with gout.", "gout", "history"),
        ("No fever. Gout flares twice a year.", "Gout", "not_supported"),
        ("Possible gout.", "gout", "not_supported"),
    ],
)
def test_reasons_by_the_words_around_the_evidence(note, words, reason):
    assert reasons([icd("M10.9", span(note, words))], note)["M10.9", "reject"] == reason


def test_a_symptom_beside_a_confirmed_condition_is_integral():
    assert reasons([icd("R52")])["R52", "reject"] == "integral_symptom"


def test_the_command_signs_every_encounter_of_the_world(tmp_path, capsys):
    folder.write(folder.make(midtown(), 15, 4), MIDTOWN.read_bytes(), tmp_path / "w")
    answers = [json.loads(x) for x in (tmp_path / "w" / "answers.jsonl").read_text().splitlines()]
    suggestions = tmp_path / "s.jsonl"
    wrong = {"system": "ICD-10-CM", "code": "A00.0", "spans": [[0, 4]]}
    suggestions.write_text(
        json.dumps({"encounter_id": answers[0]["encounter_id"], "codes": [wrong, icd(answers[0]["diagnoses"][0])]})
        + "\n"
        + json.dumps({"encounter_id": "a real note", "codes": []})
        + "\n"
    )
    parser = argparse.ArgumentParser()
    simulated_coder.add_arguments(parser)
    out = tmp_path / "signed.jsonl"
    words = ["--world", str(tmp_path / "w"), "--suggestions", str(suggestions), "--out", str(out)]
    assert simulated_coder.run(parser.parse_args(words)) == 0
    signed = [json.loads(x) for x in out.read_text().splitlines()]
    assert [s["encounter_id"] for s in signed] == [a["encounter_id"] for a in answers]
    assert set(signed[0]) == {
        "encounter_id", "signed_on", "decisions", "diagnoses", "procedures", "referral", "authorization_number",
    }  # fmt: skip
    assert [d["decision"] for d in signed[0]["decisions"]][:2] == ["reject", "accept"]
    assert "15 encounters signed" in capsys.readouterr().out


def test_a_file_that_is_not_json_is_refused_by_its_line(tmp_path, capsys):
    folder.write(folder.make(midtown(), 3, 4), MIDTOWN.read_bytes(), tmp_path / "w")
    bad = tmp_path / "s.jsonl"
    bad.write_text("{oops\n")
    args = argparse.Namespace(world=tmp_path / "w", suggestions=bad, out=tmp_path / "o")
    assert simulated_coder.run(args) == 2
    assert "s.jsonl line 1" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()
