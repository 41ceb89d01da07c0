"""Real notes carried through a synthetic practice: some visits get a note that a real doctor wrote, and its codes.

The people, the payers and the procedures of such a visit stay invented; only the note's text and the diagnoses that
experts signed for it are real. Nothing of it is kept in this repository: notes are read from the folder given and
written to the world folder, whose `real_notes.json` says which visits they are, so that no figure on synthetic notes
counts them.

    cleanclaim-train real-notes --world DIR --data DIR [--count N]

DIR holds `notes/*.txt` and `codes.tsv` (note_id, system, code).
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from training.synthetic.world_folder import WorldFolderError, lines, write_lines

MARK = "real_notes.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The world folder, the folder of real notes, and how many visits get one."""
    parser.add_argument("--world", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder with notes/ and codes.tsv")
    parser.add_argument("--count", type=int, default=20)


def real_codes(data: Path) -> dict[str, list[str]]:
    """The ICD-10-CM codes of each note, in the file's order."""
    found: dict[str, list[str]] = defaultdict(list)
    try:
        with (data / "codes.tsv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                if row["system"] == "ICD-10-CM":
                    found[row["note_id"]].append(row["code"])
    except (OSError, KeyError, UnicodeDecodeError) as error:
        raise WorldFolderError("cannot be read", where="codes.tsv", mend="give note_id, system, code") from error
    return found


def _suits(answer: dict[str, Any], line: dict[str, Any]) -> bool:
    """An ordinary office visit of the last half year: one procedure, whose codes the installed table can check."""
    codes = [p["code"] for p in answer["procedures"]]
    return codes in (["99213"], ["99214"]) and line["record"]["service_date"] >= "2026-04-01"


def carry(world: Path, data: Path, count: int) -> list[str]:
    """Give `count` visits a real note and its codes; returns the visits' ids."""
    codes = real_codes(data)
    names = sorted(codes)[:count]
    answers, truths = list(lines(world / "answers.jsonl")), list(lines(world / "truth.jsonl"))
    visits = list(lines(world / "encounters.jsonl"))
    by_id = {v["record"]["id"]: v for v in visits}
    right = {t["encounter_id"]: t for t in truths}
    suited = [a for a in answers if _suits(a, by_id[a["encounter_id"]]) and not right[a["encounter_id"]]["slips"]]
    chosen = dict(zip((a["encounter_id"] for a in suited), names, strict=False))
    for encounter_id, name in chosen.items():
        text = (data / "notes" / f"{name}.txt").read_bytes()
        (world / by_id[encounter_id]["note"]).write_bytes(text)
        by_id[encounter_id]["record"]["note_sha256"] = hashlib.sha256(text).hexdigest()
    for line in (*answers, *truths):
        if line["encounter_id"] in chosen:
            line["diagnoses"] = codes[chosen[line["encounter_id"]]][:12]  # an 837P carries twelve
    write_lines(world / "answers.jsonl", answers)
    write_lines(world / "truth.jsonl", truths)
    write_lines(world / "encounters.jsonl", visits)
    (world / MARK).write_text(json.dumps(sorted(chosen)) + "\n", "utf-8")
    return sorted(chosen)


def run(args: argparse.Namespace) -> int:
    """Carry real notes into a world folder."""
    sys.stdout.write(f"{len(carry(args.world, args.data, args.count))} visits carry a real note\n")
    return 0
