"""`cleanclaim coding|query ...`: queries to providers, visits without a charge, replay and symmetry by commands."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, get_args

from serving.schemas.coding import AnswerIn, CloseIn, CloseReason, LeanView, QueryIn, QueryView, ReopenIn

if TYPE_CHECKING:
    from serving.desk.case import Desk


def _desk(args: argparse.Namespace) -> Desk:
    from serving.cli import _desk as open_practice

    return open_practice(args)


def _printed(args: argparse.Namespace, query: QueryView) -> None:
    """The query as its author may read it: no code, no claim, no money. With `--json` as a program reads it."""
    if args.json:
        print(query.model_dump_json())
        return
    print(f"{query.id}  {query.state}  asked {query.asked_on} of {query.provider}")
    print("\n".join(f'  "{quote}"' for quote in query.quotes))
    print(f"  {query.question}")
    print("\n".join(f"  [{'x' if option == query.answer else ' '}] {option}" for option in query.options))
    if query.words:
        print(f"  {query.words}")


def query_list(args: argparse.Namespace) -> int:
    """The queries to providers that hold a claim."""
    from serving.desk import queries

    for query in queries.queries(_desk(args)):
        _printed(args, query)
    return 0


def query_ask(args: argparse.Namespace) -> int:
    """Ask the note's author what a code leaves open; the visit waits for the answer."""
    from serving.desk import queries

    _printed(args, queries.ask(_desk(args), args.encounter, QueryIn(code=args.code, question=args.question)))
    return 0


def query_answer(args: argparse.Namespace) -> int:
    """Enter what the note's author answered."""
    from serving.desk import queries

    _printed(args, queries.answer(_desk(args), args.id, AnswerIn(option=args.option, words=args.words)))
    return 0


def query_settle(args: argparse.Namespace) -> int:
    """The answer was looked at: the claim need not wait for it."""
    from serving.desk import queries

    _printed(args, queries.settle(_desk(args), args.id))
    return 0


def query_withdraw(args: argparse.Namespace) -> int:
    """Take a query back."""
    from serving.desk import queries

    _printed(args, queries.withdraw(_desk(args), args.id))
    return 0


def coding_close(args: argparse.Namespace) -> int:
    """End a visit without a charge, with the reason."""
    from serving.desk import coding

    view = coding.close(_desk(args), args.encounter, CloseIn(reason=args.reason))
    print(f"{view.id} is {view.status}: {view.close_reason}")
    return 0


def coding_reopen(args: argparse.Namespace) -> int:
    """Take a closed visit up again."""
    from serving.desk import coding

    view = coding.reopen(_desk(args), args.encounter, ReopenIn(reason=args.reason))
    print(f"{view.id} is {view.status}")
    return 0


def coding_replay(args: argparse.Namespace) -> int:
    """Read notes again by the artifacts that read them, and compare to the byte. Status 1 when one is not the same."""
    from serving.desk.replay import replay

    found = replay(_desk(args), args.encounter)
    if args.json:
        print(found.model_dump_json())
    else:
        print(f"{found.read} suggestions read again, {found.same} the same to the byte")
        for words, visits in (
            ("differs", found.different),
            ("was read by another version of the program", found.other_program),
            ("cannot be read again", found.gone),
        ):
            print("".join(f"{visit}: {words}\n" for visit in visits), end="")
    return 0 if found.same == found.read else 1


def coding_symmetry(args: argparse.Namespace) -> int:
    """Whether suggestions lean upward or downward of what was signed."""
    from serving.desk.symmetry import symmetry

    found = symmetry(_desk(args))
    if args.json:
        print(json.dumps(found.model_dump(), sort_keys=True))
        return 0
    print(f"{found.visits} signed visits that a suggester had read; suggested against signed:")
    for words, lean in (
        ("visit level", found.levels),
        ("new patient", found.new),
        ("price of all procedures", found.weights),
    ):
        print(f"  {words:24s} {_leaning(lean)}")
    for words, codes in (("suggested alone", found.only_suggested), ("signed alone", found.only_signed)):
        print(f"  {words:24s} " + (", ".join(f"{code} x {n}" for code, n in codes.items()) or "none"))
    return 0


def _leaning(lean: LeanView) -> str:
    chance = f"a coin would differ so in {lean.chance_ppm / 10_000:.1f} % of cases"
    return f"above {lean.up:5d}   same {lean.same:5d}   below {lean.down:5d}   {chance}"


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true")


def _ask(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("encounter", help="the visit's id")
    parser.add_argument("code", help="the code in question")
    parser.add_argument("--question", default="", help="in place of the drafted one; a leading one is refused")
    _json(parser)


def _answer(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id")
    parser.add_argument("option", help="one of the options, as it was offered")
    parser.add_argument("--words", default="", help="the author's own, with the option other")
    _json(parser)


def _query(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id")
    _json(parser)


def _close(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("encounter", help="the visit's id")
    parser.add_argument("reason", choices=get_args(CloseReason))


def _reopen(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("encounter", help="the visit's id")
    parser.add_argument("--reason", required=True)


def _replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--encounter", default="", help="one visit; every visit when left out")
    _json(parser)


COMMANDS = {
    "query list": (query_list, _json, True),
    "query ask": (query_ask, _ask, True),
    "query answer": (query_answer, _answer, True),
    "query settle": (query_settle, _query, True),
    "query withdraw": (query_withdraw, _query, True),
    "coding close": (coding_close, _close, True),
    "coding reopen": (coding_reopen, _reopen, True),
    "coding replay": (coding_replay, _replay, True),
    "coding symmetry": (coding_symmetry, _json, True),
}
