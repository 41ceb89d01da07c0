"""The commands of the loop: models signed for and watched, the slice without advice, appeals. Doors, no decisions."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from serving.desk.case import Desk

Command = Callable[[argparse.Namespace], int]
KINDS = ("coding", "denial", "overturn")


def _desk(args: argparse.Namespace) -> Desk:
    from serving.cli import _desk as open_practice  # which lists these commands

    return open_practice(args)


def _reason(text: str) -> str:
    """An argument that is kept as a reason or a name."""
    if not 3 <= len(text) <= 80:
        raise argparse.ArgumentTypeError("give 3 to 80 characters")
    return text


def _seal(text: str) -> str:
    """An argument that is a model's whole seal."""
    if re.fullmatch(r"[0-9a-f]{64}", text) is None:
        raise argparse.ArgumentTypeError("a seal has 64 hexadecimal digits")
    return text


def _amount(text: str) -> str:
    """An argument that is an amount of dollars and cents."""
    if re.fullmatch(r"\d{1,9}(\.\d{1,2})?", text, re.ASCII) is None:
        raise argparse.ArgumentTypeError("write an amount as 72.00")
    return text


# --- models ---


def model_list(args: argparse.Namespace) -> int:
    """The models kept: the one in service, the challenger, those that served, those only offered."""
    from serving.desk import models

    found = models.models(_desk(args))
    if args.json:  # for `cleanclaim-train reconcile`
        args.json.write_text(json.dumps([model.model_dump() for model in found], indent=1) + "\n", "utf-8")
    for model in found:
        standing = "in service" if model.in_service else "challenger" if model.challenger else model.activated_at[:10]
        print(f"{model.kind:8s} {model.sha256}  {standing or 'offered':10s}  {model.card.get('data', '')}")
    return 0


def model_serve(args: argparse.Namespace) -> int:
    """Sign a kept model into service, or back into it, by its whole seal and with a reason."""
    from serving.desk import models
    from serving.schemas.models import ServiceIn

    view = models.put_in_service(_desk(args), args.kind, ServiceIn(sha256=args.seal, reason=args.reason))
    print(f"{view.kind} {view.sha256[:12]} is in service, signed by {view.activated_by}")
    return 0


def model_shadow(args: argparse.Namespace) -> int:
    """Let a kept model score beside the one in service; what it says is shown to nobody."""
    from serving.desk import models
    from serving.schemas.models import ServiceIn

    view = models.put_in_shadow(_desk(args), args.kind, ServiceIn(sha256=args.seal, reason=args.reason))
    print(f"{view.kind} {view.sha256[:12]} scores in the shadow")
    return 0


def model_watch(args: argparse.Namespace) -> int:
    """Drift and the challenger, as the last night found them, or as they are now; 1 while there is an alarm."""
    from serving.desk import watching

    desk = _desk(args)
    found = watching.watch_denials(desk) if args.now else watching.last_watch(desk, "denial")
    if not found.as_of:
        print("no model has been watched yet")
        return 0
    print(
        f"as of {found.as_of}: {found.mature} mature claims, {found.unknown} of them unknown; {found.young} too young"
    )
    for sign in found.signs:
        print(f"{'ALARM' if sign.alarm else '':5s} {sign.kind:8s} {sign.name:24s} {sign.value:>6s} of {sign.threshold}"
              f"  {sign.words}")  # fmt: skip
    if (both := found.comparison) is not None:
        gained = f", log loss gained a claim {both.gain} ({both.low} to {both.high})" if both.gain else ""
        print(f"challenger {found.challenger[:12]}: {both.words}{gained}; {both.waiting} not answered yet")
    for part in found.slices:
        print(f"{part.name:16s} n {part.n}, {part.denied} denied, mean stated {part.stated or '-'}")
    return 1 if found.alarms else 0


def advice_withhold(args: argparse.Namespace) -> int:
    """Withhold the model's advice, and nothing else, from that share of visits; 0 ends it."""
    from serving.desk import models
    from serving.schemas.models import WithholdIn

    view = models.withhold(_desk(args), WithholdIn(percent=args.percent, reason=args.reason))
    print(f"advice is withheld from {view.percent} in 100 visits; {view.claims} claims were drawn so far")
    return 0


# --- appeals ---


def appeal_list(args: argparse.Namespace) -> int:
    """Every appeal: drafts by deadline, then those that wait for the payer, then the decided."""
    from serving.desk import appeals

    for item in appeals.appeals(_desk(args)):
        days = "" if item.days_left is None else f" ({item.days_left} days)"
        print(f"{item.id}  {item.claim_number}  level {item.level}  {item.state:18s} {item.amount:>10s}  "
              f"{', '.join(item.reasons)}  by {item.deadline or '-'}{days}")  # fmt: skip
    return 0


def appeal_draft(args: argparse.Namespace) -> int:
    """Draft the next level's letter for a claim, each sentence with its source; 1 where there is no appeal."""
    from serving.desk import appeals

    desk = _desk(args)
    made = appeals.draft(desk, args.claim)
    for finding in made.findings:
        print(f"{finding.message}: {finding.mend}")
    for sentence in made.sentences:
        print(f"{sentence.words}  [{sentence.source}]")
    if made.sentences:
        print(f"draft {made.id}, to be filed by {made.deadline or 'a day the contract does not name'}")
    return 0 if made.sentences else 1


def appeal_file(args: argparse.Namespace) -> int:
    """Note that the letter was signed and went out."""
    from serving.desk import appeals
    from serving.schemas.appeals import FilingIn

    filed = appeals.file(_desk(args), args.id, FilingIn(signed_by=args.signed_by, sent_by=args.sent_by))
    print(f"level {filed.level} filed on {filed.filed_on}")
    return 0


def appeal_decide(args: argparse.Namespace) -> int:
    """Record what the payer decided."""
    from serving.desk import appeals
    from serving.schemas.appeals import OutcomeIn

    said = OutcomeIn(outcome=args.outcome, recovered=args.recovered)
    decided = appeals.decide(_desk(args), args.id, said)
    print(f"level {decided.level} {decided.state}, {decided.recovered} recovered")
    return 0


def appeal_pdf(args: argparse.Namespace) -> int:
    """Write the letter as PDF."""
    from serving.desk import appeals

    args.out.write_bytes(appeals.appeal_paper(_desk(args), args.id))
    return 0


# --- their arguments ---


def _nothing(parser: argparse.ArgumentParser) -> None:
    """A command without arguments of its own."""


def _list(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json", type=Path, help="write them here too, as the register of models is brought after them"
    )


def _signed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kind", choices=KINDS, default="denial")
    parser.add_argument("--seal", type=_seal, required=True, help="the model's whole seal, as `model list` shows it")
    parser.add_argument("--reason", type=_reason, required=True)


def _watch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--now", action="store_true", help="look anew instead of showing the last night's look")


def _withhold(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--percent", type=int, choices=range(11), required=True)
    parser.add_argument("--reason", type=_reason, required=True)


def _claim(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--claim", required=True, help="the claim's id, as the queue shows it")


def _file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--id", required=True)
    parser.add_argument("--signed-by", type=_reason, required=True, help="the name under the letter")
    parser.add_argument("--sent-by", choices=["portal", "mail", "fax", "electronic"], required=True)


def _decide(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--id", required=True)
    parser.add_argument("--outcome", choices=["overturned", "partly overturned", "upheld", "withdrawn"], required=True)
    parser.add_argument("--recovered", type=_amount, default="0.00")


def _pdf(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--id", required=True)
    parser.add_argument("--out", type=Path, required=True)


COMMANDS: dict[str, tuple[Command, Callable[[argparse.ArgumentParser], None], bool]] = {
    "model list": (model_list, _list, True),
    "model serve": (model_serve, _signed, True),
    "model shadow": (model_shadow, _signed, True),
    "model watch": (model_watch, _watch, True),
    "advice withhold": (advice_withhold, _withhold, True),
    "appeal list": (appeal_list, _nothing, True),
    "appeal draft": (appeal_draft, _claim, True),
    "appeal file": (appeal_file, _file, True),
    "appeal decide": (appeal_decide, _decide, True),
    "appeal pdf": (appeal_pdf, _pdf, True),
}
