"""`cleanclaim`: the commands. Each is a door to a use case of the desk; nothing is decided here.

    cleanclaim init                       make the books and the code tables
    cleanclaim practice add --from FILE   open a practice
    cleanclaim cycle ...                  one night: answers in, posted; claims built, scrubbed, out; statements; queue

Whoever can open the database is its operator: `--as LOGIN` names whose roles apply and who is written in the event log.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from billing_core.errors import BillingError
from serving import cli_coding, cli_contract, cli_loop, cli_money, cli_tables, cli_x12, score_claims
from serving.errors import ServingError

if TYPE_CHECKING:
    from serving.desk.case import Desk
    from serving.store.books import Store

Command = Callable[[argparse.Namespace], int]


def _store(args: argparse.Namespace) -> Store:
    from serving import settings
    from serving.ids import FixedClock, SystemClock
    from serving.store.books import Store

    today = getattr(args, "today", None)
    return Store(settings.read().database_url, FixedClock(today) if today else SystemClock())


def _seeded(store: Store, done: str, today: date | None = None) -> None:
    """With CLEANCLAIM_SEED, ids come from the seed and from what has been `done` so far, so that none comes twice."""
    from serving.ids import SeededIds

    if seed := os.environ.get("CLEANCLAIM_SEED"):
        store.new_id = SeededIds(f"{seed}:{done}", today)


def _desk(args: argparse.Namespace) -> Desk:
    from serving import settings
    from serving.desk.case import open_desk
    from serving.errors import InputError

    settings.read().need_books()
    store = _store(args)
    with store.access(reading=True) as access:
        practices = access.practices()
        practice = next((p for p in practices if p.mark == args.practice), None)
        if practice is None:
            known = ", ".join(sorted(p.mark for p in practices)) or "none yet: cleanclaim practice add"
            raise InputError("no practice has this mark", field="--practice", mend=f"practices here: {known}")
        user = access.user_by_login(args.by)
        if user is None:
            raise InputError("nobody has this login", field="--as", mend="see cleanclaim user list")
        actor = access.actor(user.id, practice.id)
    with store.read(practice.id) as books:
        _seeded(store, f"{practice.mark}:{books.event_count()}", args.today)
    return open_desk(settings.read(), store, actor, store.clock, store.new_id)


def _show(value: Any) -> None:
    print(json.dumps(value, indent=2, sort_keys=True, default=str))


def init(args: argparse.Namespace) -> int:
    """Make the books and the code tables."""
    from serving import settings
    from serving.code_tables import build_icd10cm

    home = settings.read().home
    home.mkdir(parents=True, exist_ok=True)
    _store(args)
    (home / "tables").mkdir(exist_ok=True)
    build_icd10cm(home / "tables")
    print(f"books and code tables are ready in {home}")
    return 0


def practice_add(args: argparse.Namespace) -> int:
    """Open a practice and its first administrator."""
    from serving.desk.intake import add_practice
    from serving.security import Role

    store = _store(args)
    with store.access(reading=True) as access:
        _seeded(store, f"practice {len(access.practices())}")
    practice = add_practice(store, args.file)
    with store.access() as access:
        user = access.add_user(args.admin, os.environ.get("CLEANCLAIM_PASSWORD", ""))
    with store.open(practice.id) as books:
        books.grant(user.id, list(Role) if args.every_role else [Role.ADMINISTRATOR])
    print(f"practice {practice.mark} is open; {args.admin} administers it")
    return 0


def user_add(args: argparse.Namespace) -> int:
    """Add a user to the practice."""
    import secrets

    from serving.security import may

    desk = _desk(args)
    may(desk.actor, "user.manage", desk.practice_id)  # before a login is made that then has no place
    # A user without a password gets one that nobody knows: they can be named, and cannot sign in.
    password = secrets.token_urlsafe(32) if args.no_password else os.environ.get("CLEANCLAIM_PASSWORD", "")
    with desk.store.access() as access:
        user = access.add_user(args.login, password)
    with desk.store.open(desk.practice_id) as books:
        books.grant(user.id, args.role)
        books.log(desk.actor, "user.manage", user.id, reason="added", after={"roles": sorted(args.role)})
    return 0


def user_list(args: argparse.Namespace) -> int:
    """Who works in the practice, and as what."""
    from serving.desk import people

    for user in people.users(_desk(args)):
        print(f"{user.login:24s} {', '.join(user.roles)}{'' if user.active else '  (may not sign in)'}")
    return 0


def user_password(args: argparse.Namespace) -> int:
    """Give a user of the practice the password in CLEANCLAIM_PASSWORD."""
    desk, user_id = _user_of(args)
    with desk.store.access() as access:
        access.set_password(user_id, os.environ.get("CLEANCLAIM_PASSWORD", ""))
    with desk.store.open(desk.practice_id) as books:
        books.log(desk.actor, "user.manage", user_id, reason="password")
    return 0


def user_deactivate(args: argparse.Namespace) -> int:
    """Let a user sign in no more, in any practice; with --undo, again. What they did stays theirs."""
    from serving.desk.people import another_administers

    desk, user_id = _user_of(args)
    with desk.store.read(desk.practice_id) as books:
        if not args.undo:
            another_administers(books, user_id)
    with desk.store.access() as access:
        access.set_active(user_id, args.undo)
    with desk.store.open(desk.practice_id) as books:
        books.log(desk.actor, "user.manage", user_id, reason="may sign in again" if args.undo else "may not sign in")
    return 0


def _user_of(args: argparse.Namespace) -> tuple[Desk, str]:
    """The desk, and the id of the practice's user of that login; it is asked first whether the caller may."""
    from serving.errors import NotFound
    from serving.security import may

    desk = _desk(args)
    may(desk.actor, "user.manage", desk.practice_id)
    with desk.store.read(desk.practice_id) as books:
        found = [member.user_id for member in books.members() if member.login == args.login.lower()]
    if not found:
        raise NotFound("user")
    return desk, found[0]


def key_make(args: argparse.Namespace) -> int:
    """Make a key for a machine; its text is printed once and kept nowhere."""
    from pydantic import ValidationError

    from serving.desk import people
    from serving.errors import InputError
    from serving.schemas.access import KeyIn

    try:
        wish = KeyIn(name=args.name, roles=args.role)
    except ValidationError as error:
        mend = "up to 64 letters, digits, blanks, dots and dashes"
        raise InputError("a key is not named so", field="name", mend=mend) from error
    made = people.make_key(_desk(args), wish)
    print(made.text)
    return 0


def key_list(args: argparse.Namespace) -> int:
    """The keys of the practice's machines."""
    from serving.desk import people

    for key in people.keys(_desk(args)):
        print(f"{key.id}  {key.begins}...  {key.name}  {', '.join(key.roles)}  {key.revoked_at or 'opens'}")
    return 0


def key_revoke(args: argparse.Namespace) -> int:
    """Let a key open nothing any more."""
    from serving.desk import people

    people.revoke_key(_desk(args), args.id)
    return 0


def import_folder(args: argparse.Namespace) -> int:
    """Take in registrations known by today, and visits with their notes."""
    from serving.desk import intake

    desk = _desk(args)
    people = intake.register(desk, args.dir, date.min, args.today or date.max)
    print(f"{people} registrations, {intake.take_in(desk, args.dir)} visits")
    return 0


def register(args: argparse.Namespace) -> int:
    """Take in what the front desk has learned since the last time, before visits are signed."""
    from serving.desk import intake

    print(f"{intake.register_new(_desk(args), args.dir)} registrations")
    return 0


def suggest(args: argparse.Namespace) -> int:
    """Suggest codes for note files, without any books."""
    from billing_core.encounter import Setting
    from billing_core.record import to_plain
    from models.coding.note import NoteError, check_note
    from models.coding.suggester import Suggester
    from serving import settings
    from serving.desk.paper import NOTE_MOST, read_file
    from serving.errors import InputError

    suggester, status = Suggester.load(args.model or settings.read().artifacts / "coding"), 0
    for path in args.files:
        try:
            text = check_note(read_file(path, NOTE_MOST))
            found = suggester.suggest(text, Setting(args.setting), args.service_date, None, "U")
        except (NoteError, InputError) as error:
            print(f"{path.name}: {error}", file=sys.stderr)
            status = 2
            continue
        if args.json:
            print(json.dumps({"file": path.name, **to_plain(found)}))
        else:
            print(f"{path.name}" + (f": {found.reason}" if found.abstained else ""))
            for code in found.codes:
                quotes = "; ".join(" ".join(text[s.start : s.end].split()) for s in code.spans)
                print(f"  {code.code:8s} {code.score:4d}  {code.title}  <- {quotes}")
    return status


def coding_suggest(args: argparse.Namespace) -> int:
    """Suggest codes for every open visit, and write what was suggested as JSON Lines."""
    from serving.desk import batch

    desk = _desk(args)
    visits = batch.open_visits(desk)
    with args.out.open("w", encoding="utf-8") as out:
        for first in range(0, len(visits), batch.NOTES_AT_ONCE):
            some = batch.suggest_for(desk, visits[first : first + batch.NOTES_AT_ONCE])
            out.writelines(json.dumps(line) + "\n" for line in some)
    print(f"{len(visits)} notes read")
    return 0


def coding_sign(args: argparse.Namespace) -> int:
    """Enter a coder's decisions and signatures from JSON Lines."""
    from serving.desk import batch

    done = batch.sign_all(_desk(args), args.file)
    print(f"{done} visits signed")
    return 0


def cycle(args: argparse.Namespace) -> int:
    """One night of the practice."""
    from serving.desk import nightly

    papers = nightly.Papers(args.inbox, args.outbox, args.intake, args.mends, args.payments, args.verify)
    done = nightly.run_night(_desk(args), papers)
    for name in ("queue", "statements"):
        if path := getattr(args, name):
            path.write_text(json.dumps(done[name]), "utf-8")
    _show({**done, "queue": len(done["queue"]["items"]), "statements": len(done["statements"])})
    return 0


def verify(args: argparse.Namespace) -> int:
    """Ask the payers (270) about the coverages of visits and unsent claims; the next night, or --outbox, sends it."""
    from serving.desk import billing, verification

    desk = _desk(args)
    asked = verification.ask(desk, args.again)
    if args.outbox:
        billing.deliver(desk, args.outbox)
    if args.json:
        _show(asked.model_dump() | {"coverages": [item.model_dump() for item in verification.coverages(desk)]})
        return 0
    print(f"{asked.questions} questions in {len(asked.files)} files")
    for why in asked.held:
        print(f"  not asked: {why}")
    return 0


def batch(args: argparse.Namespace) -> int:
    """Run commands from standard input, one a line, in one process; after each, a line `= STATUS`."""
    import shlex

    worst = 0
    for line in sys.stdin:
        try:
            status = main(shlex.split(line, comments=True)) if line.strip() else 0
        except SystemExit as refused:  # a command line that cannot be read
            status = int(refused.code or 0)
        print(f"= {status}", flush=True)
        worst = max(worst, status)
    return worst


def queue(args: argparse.Namespace) -> int:
    """The biller's queue."""
    from serving.desk import billing

    _show(billing.queue(_desk(args), args.capacity).model_dump())
    return 0


def score(args: argparse.Namespace) -> int:
    """Score every open claim with the denial model in service; the queue shows it."""
    from serving.desk import scoring

    print(f"{scoring.score_claims(_desk(args))} new scores")
    return 0


def model_activate(args: argparse.Namespace) -> int:
    """Put a model artifact in service; a damaged one is refused and the old one goes on."""
    from serving.desk import models

    print(f"{args.kind} {models.activate(_desk(args), args.kind, args.dir)[:12]} is in service")
    return 0


def model_offer(args: argparse.Namespace) -> int:
    """Keep a model for the practice; a person puts it in service through the API."""
    from serving.desk import models

    print(f"{args.kind} {models.offer(_desk(args), args.kind, args.dir)} is offered")
    return 0


def export(args: argparse.Namespace) -> int:
    """Write the folder that training reads, under pseudonyms."""
    from serving.desk.export import export as write

    print(f"{write(_desk(args), args.out, args.synthetic)} submissions")
    return 0


def ledger_verify(args: argparse.Namespace) -> int:
    """Prove both hash chains and that the ledger sums to zero."""
    from serving.desk import money

    proof = money.prove(_desk(args))
    _show(proof.model_dump())
    return 0 if proof.sound else 1


def underpayments(args: argparse.Namespace) -> int:
    """What payers paid against what their contracts say, by payer and clause."""
    from serving.desk import contracts

    found = contracts.underpayments(_desk(args))
    if args.json:
        _show(found.model_dump())
        return 0
    for group in found.groups:
        denied = f"; denied {group.denied_amount} on {group.denied_lines} lines" if group.denied_lines else ""
        print(f"{group.payer}  {group.clause}: {group.amount} on {group.lines} lines{denied}")
    print(f"{found.compared} claims compared, {found.total} missing, {len(found.findings)} not compared")
    return 0


def summary(args: argparse.Namespace) -> int:
    """What the practice has done so far."""
    from serving.desk import money

    _show(money.summary(_desk(args)))
    return 0


def serve(args: argparse.Namespace) -> int:
    """The API and the screens, until Ctrl-C."""
    from serving import settings
    from serving.serve import serve as open_doors

    open_doors(settings.read())
    return 0


def _files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true")


def _paths(*names: str, required: bool = True) -> Callable[[argparse.ArgumentParser], None]:
    def add(parser: argparse.ArgumentParser) -> None:
        for name in names:
            parser.add_argument(f"--{name}", type=Path, required=required)

    return add


def _practice_add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="file", type=Path, required=True, help="practice.json")
    parser.add_argument("--admin", required=True, help="login; the password is in CLEANCLAIM_PASSWORD")
    parser.add_argument("--every-role", action="store_true", help="a practice of one: grant every role")


def _user_add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("login")
    parser.add_argument("--role", action="append", required=True)
    parser.add_argument("--no-password", action="store_true")


def _login(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("login")


def _user_deactivate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("login")
    parser.add_argument("--undo", action="store_true")


def _key_make(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="what the machine is, such as clearinghouse")
    parser.add_argument("--role", action="append", required=True)


def _key_revoke(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id")


def _suggest(parser: argparse.ArgumentParser) -> None:
    _files(parser)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--setting", choices=["outpatient", "inpatient"], default="outpatient")
    parser.add_argument("--service-date", type=date.fromisoformat, default=date(2026, 6, 15))


def _cycle(parser: argparse.ArgumentParser) -> None:
    _paths("inbox", "outbox")(parser)
    _paths("intake", "mends", "payments", "queue", "statements", required=False)(parser)
    parser.add_argument("--verify", action="store_true", help="ask the payers about coverages, too (270)")


def _verify(parser: argparse.ArgumentParser) -> None:
    _json(parser)
    _paths("outbox", required=False)(parser)
    parser.add_argument("--again", action="store_true", help="ask also about coverages that were called inactive")


def _activate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kind", choices=["coding", "denial", "overturn"], required=True)
    parser.add_argument("--dir", type=Path, required=True)


def _export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--synthetic", action="store_true", help="the practice is synthetic: keep claim numbers")


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true")


def _queue(parser: argparse.ArgumentParser) -> None:
    _json(parser)
    parser.add_argument("--capacity", type=int, default=0, help="how many claims can be worked today")


def _nothing(parser: argparse.ArgumentParser) -> None:
    """A command without arguments of its own."""


# words of the command -> (function, its arguments, does it work in a practice)
COMMANDS: dict[str, tuple[Command, Callable[[argparse.ArgumentParser], None], bool]] = {
    "init": (init, _nothing, False),
    **cli_tables.COMMANDS,
    "practice add": (practice_add, _practice_add, False),
    "user add": (user_add, _user_add, True),
    "user list": (user_list, _nothing, True),
    "user password": (user_password, _login, True),
    "user deactivate": (user_deactivate, _user_deactivate, True),
    "key make": (key_make, _key_make, True),
    "key list": (key_list, _nothing, True),
    "key revoke": (key_revoke, _key_revoke, True),
    "import": (import_folder, _paths("dir"), True),
    "register": (register, _paths("dir"), True),
    "suggest": (suggest, _suggest, False),
    "coding suggest": (coding_suggest, _paths("out"), True),
    "coding sign": (coding_sign, _paths("file"), True),
    "verify": (verify, _verify, True),
    "cycle": (cycle, _cycle, True),
    "batch": (batch, _nothing, False),
    "queue": (queue, _queue, True),
    "score": (score, _nothing, True),
    "score-claims": (score_claims.command, score_claims.arguments, False),
    "model activate": (model_activate, _activate, True),
    "model offer": (model_offer, _activate, True),
    "export": (export, _export, True),
    "ledger verify": (ledger_verify, _json, True),
    "summary": (summary, _json, True),
    "contract test": (cli_contract.test, cli_contract.arguments, False),
    "contract clauses": (cli_contract.clauses, _files, False),
    "underpayments": (underpayments, _json, True),
    "x12 check": (cli_x12.check, cli_x12.check_arguments, False),
    "x12 roundtrip": (cli_x12.roundtrip, _files, False),
    "x12 show": (cli_x12.show, _files, False),
    "x12 explain": (cli_x12.explain, cli_x12.explain_arguments, False),
    "x12 ack": (cli_x12.ack, cli_x12.ack_arguments, False),
    **cli_coding.COMMANDS,
    **cli_money.COMMANDS,
    **cli_loop.COMMANDS,
    "serve": (serve, _nothing, False),
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cleanclaim", description="Medical coding and billing that shows its work.")
    top = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    groups: dict[str, Any] = {}
    for words, (function, arguments, in_practice) in COMMANDS.items():
        first, _, second = words.partition(" ")
        place = top
        if second:
            if first not in groups:
                groups[first] = top.add_parser(first).add_subparsers(metavar="COMMAND", required=True)
            place = groups[first]
        command = place.add_parser(second or first, help=(function.__doc__ or "").strip())
        arguments(command)
        command.set_defaults(run=function)
        if in_practice:
            command.add_argument("--practice", required=True, help="the practice's mark")
            command.add_argument("--as", dest="by", required=True, metavar="LOGIN")
            command.add_argument("--today", type=date.fromisoformat, help="business date; the clock's when left out")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. What the desk refuses is said with its mend; the exit status is 2 then."""
    args = _parser().parse_args(argv)
    try:
        status: int = args.run(args)
        return status
    except (BillingError, ServingError) as error:
        print(f"cleanclaim: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # whoever read what we print has read enough (`| head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(main())
