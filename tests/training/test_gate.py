import random

from training import gate

PICK = random.Random(2)
TRUTH = [PICK.choice((0.05, 0.6)) for _ in range(400)]
DENIED = [PICK.random() < p for p in TRUTH]
PATIENTS = [f"p{k % 150}" for k in range(400)]


def test_the_truth_beats_the_base_rate() -> None:
    verdict = gate.compare("base rate", DENIED, TRUTH, [sum(DENIED) / 400] * 400, PATIENTS, seed=1)
    assert verdict.passed and verdict.gain > 0 and verdict.low <= verdict.gain <= verdict.high
    assert (verdict.n, verdict.patients) == (400, 150)
    assert str(verdict).startswith("beats base rate")


def test_a_model_does_not_beat_itself_nor_its_better() -> None:
    assert not gate.compare("itself", DENIED, TRUTH, TRUTH, PATIENTS, seed=1).passed
    assert not gate.compare("the truth", DENIED, [0.3] * 400, TRUTH, PATIENTS, seed=1).passed


def test_a_gain_within_the_noise_does_not_pass() -> None:
    nearly = [p + PICK.uniform(-0.02, 0.02) for p in TRUTH]
    assert not gate.compare("nearly the same", DENIED[:60], nearly[:60], TRUTH[:60], PATIENTS[:60], seed=1).passed


def test_claims_of_one_patient_count_as_one_witness() -> None:
    ours, theirs = [0.2] * 400, [0.1] * 400
    denied = [True] * 400
    many = gate.compare("them", denied, ours, theirs, PATIENTS, seed=1)
    one = gate.compare("them", [True] * 200 + [False] * 200, ours, theirs, ["a"] * 200 + ["b"] * 200, seed=1)
    assert many.passed and not one.passed


def test_certainty_that_is_wrong_costs_but_does_not_break() -> None:
    assert gate.compare("a fool", [True] * 50, [0.5] * 50, [0.0] * 50, PATIENTS[:50], seed=1).passed


def test_the_same_seed_gives_the_same_verdict() -> None:
    one, two = (gate.compare("x", DENIED, TRUTH, [0.3] * 400, PATIENTS, seed=4) for _ in range(2))
    assert one == two


def test_no_worse_is_refused_only_to_what_is_beaten() -> None:
    assert gate.compare("itself", DENIED, TRUTH, TRUTH, PATIENTS, seed=1, no_worse=True).passed
    worse = gate.compare("the truth", DENIED, [0.3] * 400, TRUTH, PATIENTS, seed=1, no_worse=True)
    assert not worse.passed and str(worse).startswith("is worse than the truth")


def test_what_is_stated_must_be_met_as_far_as_chance_allows() -> None:
    true = gate.calibrated(DENIED, TRUTH, seed=1)
    assert true.passed and 0 < true.error < true.allowed < 0.1
    boastful = gate.calibrated(DENIED, [p**2 for p in TRUTH], seed=1)
    many = gate.calibrated(DENIED * 30, TRUTH * 30, seed=1)
    assert many.allowed == many.by_chance + gate.TOLERATED < 0.04  # with claims enough chance explains little
    assert not boastful.passed and "is not calibrated" in str(boastful)
    few = gate.calibrated(DENIED[:40], TRUTH[:40], seed=1)
    assert few.allowed > true.allowed  # few claims prove little
