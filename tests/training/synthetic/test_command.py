import argparse

from tests.training.synthetic.worlds import MIDTOWN
from training.synthetic import command


def _run(*words):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args([str(w) for w in words]))


def test_the_command_writes_a_world(tmp_path, capsys):
    assert _run("--world", MIDTOWN, "--encounters", 6, "--seed", 2, "--out", tmp_path / "w") == 0
    assert len(list((tmp_path / "w" / "notes").iterdir())) == 6
    assert "6 encounters" in capsys.readouterr().out


def test_a_wrong_world_file_is_refused_by_its_key(tmp_path, capsys):
    path = tmp_path / "odd.toml"
    path.write_text(MIDTOWN.read_text(encoding="utf-8").replace("self_pay = 0.05", "self_pay = 5"), encoding="utf-8")
    assert _run("--world", path, "--encounters", 6, "--out", tmp_path / "w") == 2
    assert "population.self_pay" in capsys.readouterr().err
    assert not (tmp_path / "w").exists()


def test_no_encounters_are_refused(tmp_path, capsys):
    assert _run("--encounters", 0, "--out", tmp_path / "w") == 2
    assert "--encounters" in capsys.readouterr().err
