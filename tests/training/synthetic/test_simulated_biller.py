import argparse
import json

import pytest

from tests.training.synthetic.worlds import MIDTOWN, midtown
from training.synthetic import folder, simulated_biller
from training.synthetic.simulated_biller import WORKED, case_of, work, work_queue


def billed(code="99213", modifiers=(), units=1, pointers=(1,)):
    return {"code": code, "modifiers": list(modifiers), "units": units, "pointers": list(pointers)}


def codes(**changes):
    base = {"diagnoses": ["M17.11"], "procedures": [billed()], "referral": "", "authorization_number": ""}
    return base | changes


def truth(**changes):
    return codes() | {"slips": [], "duplicate_of": "", "coverage": {"member_id": "K1"}, "never_coded": []} | changes


def _worked_number():
    """A claim number that the biller gets to."""
    for n in range(50):
        case = case_of({"claim_number": f"C{n}", "encounter_id": "e"}, {"e": codes()}, {"e": truth()})
        if case.happens("worked", WORKED):
            return f"C{n}"
    raise AssertionError("nothing is worked")


NUMBER = _worked_number()


def mend(reasons, state="denied", signed=None, right=None, before=None, number=NUMBER):
    item = {"claim_number": number, "encounter_id": "e", "kind": "denial", "reasons": reasons, "state": state}
    return work(case_of(item, {"e": signed or codes()}, {"e": right or truth()}), before or {})


def test_a_forgotten_modifier_is_put_back_on_its_line():
    found = mend(["CO-97"], right=truth(procedures=[billed(modifiers=["25"])]))
    assert found["action"] == "correct"
    assert found["changes"] == {"lines": [{"line": 1, "modifiers": ["25"]}]}


def test_units_and_pointers_are_mended_too():
    signed = codes(procedures=[billed(), billed("J3301", units=40, pointers=[2])])
    right = truth(procedures=[billed(), billed("J3301", units=4)])
    assert mend(["151"], signed=signed, right=right)["changes"]["lines"] == [{"line": 2, "units": 4, "pointers": [1]}]


def test_an_authorization_found_at_the_payer_goes_on_the_claim():
    found = mend(["197"], right=truth(authorization_number="A123"))
    assert (found["action"], found["changes"]) == ("correct", {"authorization": "A123"})


def test_an_unspecified_diagnosis_is_made_specific():
    found = mend(["16"], signed=codes(diagnoses=["M17.9"]))
    assert found["changes"] == {"diagnoses": ["M17.11"]}


@pytest.mark.parametrize(("reasons", "state"), [(["27"], "denied"), ([], "rejected"), (["CO-22"], "denied")])
def test_a_stale_coverage_is_replaced_by_the_one_that_pays(reasons, state):
    right = truth(slips=["coverage_stale"], coverage={"member_id": "NEW"})
    assert mend(reasons, state, right=right)["changes"] == {"coverage": {"member_id": "NEW"}}


def test_a_mistyped_member_id_is_read_from_the_card():
    assert mend(["31"], right=truth(slips=["member_id_mistyped"]))["changes"] == {"member_id": "K1"}


def test_a_coverage_is_not_touched_for_a_refusal_about_something_else():
    assert "coverage" not in mend(["197"], right=truth(slips=["coverage_stale"]))["changes"]


def test_without_coverage_the_patient_is_billed():
    assert mend(["27"], right=truth(coverage=None))["action"] == "bill_patient"


def test_a_duplicate_entry_is_written_off():
    assert mend(["18"], right=truth(duplicate_of="other"))["action"] == "write_off"


def test_late_filing_is_written_off():
    assert mend(["29"])["action"] == "write_off"


def test_not_covered_is_never_corrected():
    assert mend(["96"])["action"] in ("bill_patient", "write_off")


def test_a_rejection_without_cause_is_sent_again_once():
    assert mend([], "rejected")["action"] == "resubmit"
    assert mend([], "rejected", before={"OTHER": "resubmit"})["action"] == "write_off"


def test_a_correction_is_not_tried_twice_for_one_visit():
    right = truth(procedures=[billed(modifiers=["25"])])
    assert mend(["97"], right=right, before={"OTHER": "correct"})["action"] in ("appeal", "write_off")


def test_a_claim_still_in_the_queue_is_left_while_the_appeal_runs():
    assert mend(["50"], before={NUMBER: "appeal"})["action"] == "leave"
    assert mend(["50"], before={NUMBER: "correct"})["action"] == "appeal"


def test_a_realistic_share_is_worked_and_the_same_queue_gives_the_same_answers():
    answers, truths = {"e": codes()}, {"e": truth()}
    items = [{"claim_number": f"N{n}", "encounter_id": "e", "reasons": ["29"], "state": "denied"} for n in range(400)]
    one, two = work_queue(items, answers, truths, {}), work_queue(items, answers, truths, {})
    assert one == two
    left = sum(m["action"] == "leave" for m in one)
    assert 20 < left < 80
    assert work_queue([{"claim_number": "X", "encounter_id": "other"}], answers, truths, {}) == []


def test_the_command_remembers_between_runs(tmp_path, capsys):
    made = folder.make(midtown(), 20, 4)
    folder.write(made, MIDTOWN.read_bytes(), tmp_path / "w")
    items = [
        {"claim_number": f"Q{n}", "encounter_id": e.id, "kind": "rejected", "reasons": [], "state": "rejected"}
        for n, e in enumerate(made.entries)
    ]
    (tmp_path / "q.json").write_text(json.dumps({"items": items}))
    parser = argparse.ArgumentParser()
    simulated_biller.add_arguments(parser)
    out = tmp_path / "m.jsonl"
    words = ["--world", str(tmp_path / "w"), "--queue", str(tmp_path / "q.json"), "--out", str(out)]
    assert simulated_biller.run(parser.parse_args(words)) == 0
    first = [json.loads(x) for x in out.read_text().splitlines()]
    assert {"resubmit"} <= {m["action"] for m in first}
    assert all(set(m) == {"claim_number", "action", "changes", "reason"} for m in first)
    assert simulated_biller.run(parser.parse_args(words)) == 0
    second = [json.loads(x) for x in out.read_text().splitlines()]
    assert not {"resubmit", "correct"} & {m["action"] for m in second}
    assert "20 items" in capsys.readouterr().out


def test_a_queue_that_is_not_there_is_refused(tmp_path, capsys):
    folder.write(folder.make(midtown(), 3, 4), MIDTOWN.read_bytes(), tmp_path / "w")
    args = argparse.Namespace(world=tmp_path / "w", queue=tmp_path / "none.json", out=tmp_path / "m", memory=None)
    assert simulated_biller.run(args) == 2
    assert "none.json" in capsys.readouterr().err
