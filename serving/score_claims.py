"""`cleanclaim score-claims --in DIR|FILE --out DIR`: the denial model over files of claims, however many.

Each parquet file of claims (the columns of `ClaimFacts`, as `cleanclaim export` writes them) becomes one parquet
file of scores. A file is scored by one pure function of the file, the model and the history: here one after the other,
with `--workers N` by so many processes of this machine, or with `--dask ADDRESS` by the workers of a Dask cluster that
see the same folders; the bytes are the same. A finished file carries the seals of what it was made of and is not made
again, so a run that was cut short is taken up by giving the same command. Rows that cannot be scored say why and have
no number.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models import cluster
from models.denial.history import History, HistoryError
from models.denial.predictor import KIND, Predictor
from serving.errors import InputError

if TYPE_CHECKING:
    from models.denial.columns import ClaimColumns

HISTORY = "history.json"  # beside the artifact in the folder that cleanclaim-train denial wrote
WORKERS_MAX = 64
_ONE_AT_A_TIME = threading.Lock()  # the history keeps the day's parts at hand: two threads must not share them
_EPOCH = 719_163  # date(1970, 1, 1).toordinal(): parquet counts days from there
_OPTIONAL = {"card_key": "", "resubmission": False, "enrolled_days": None}
_INCOMPLETE = "a field is empty or missing"
_UNEVEN = "its line columns differ in length"
_NO_LINES = "it has no lines"
_PAST = "sent on or before the last day the history knows: score it with a history of its own day"


@dataclass(frozen=True, slots=True)
class Job:
    """One file to be scored. `seals` are the sha256 of the file, the model and the history."""

    source: str
    target: str
    model: str
    history: str
    seals: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a file: claims, how many of them have no score, and why the file as a whole was refused."""

    target: str
    claims: int = 0
    without: int = 0
    problem: str = ""


def score_file(job: Job) -> Done:
    """Score one file; the same bytes wherever it runs. A file that is none is reported, not raised."""
    import pyarrow
    import pyarrow.parquet

    target = Path(job.target)
    if _finished(target, job.seals):
        claims = pyarrow.parquet.read_metadata(target).num_rows
        return Done(job.target, claims)
    try:
        table = pyarrow.parquet.read_table(job.source)
        with _ONE_AT_A_TIME:
            seals = dict(job.seals)
            scores = scored(table, _read_model(job.model, seals["model"]), _read_history(job.history, seals["history"]))
    except (pyarrow.ArrowException, OSError, InputError) as error:
        return Done(job.target, problem=str(error).splitlines()[0][:200])
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(f".{target.name}.half")
    metadata = {name.encode(): seal.encode() for name, seal in job.seals}
    pyarrow.parquet.write_table(scores.replace_schema_metadata(metadata), half, compression="zstd")
    half.replace(target)
    return Done(job.target, scores.num_rows, scores["probability_ppm"].null_count)


def scored(table: Any, model: Predictor, history: History) -> Any:
    """The table of scores of a table of claims: `claim_key`, `probability_ppm` (millionths, null where it cannot be
    said), `flagged`, `problem` ("" where there is none). Raises InputError for a table that holds no claims' columns.
    """
    import numpy as np
    import pyarrow as pa

    problems = _problems(table, history.through)
    sound = np.asarray([not problem for problem in problems], dtype=bool)
    at = np.flatnonzero(sound)
    said: list[int | None] = [None] * table.num_rows
    if len(at):
        from models.denial.columns import rows

        claims = columns_of(table.take(pa.array(at)))
        found = model.probabilities_ppm(rows(claims, history), payers=claims.payer.texts())
        for place, ppm in zip(at.tolist(), found, strict=True):
            said[place] = ppm
    return pa.table(
        {
            "claim_key": table["claim_key"].cast(pa.string()),
            "probability_ppm": pa.array(said, pa.int32()),
            "flagged": pa.array([None if ppm is None else ppm >= model.threshold for ppm in said], pa.bool_()),
            "problem": pa.array(problems, pa.string()),
        }
    )


# --- from parquet to columns --------------------------------------------------------------------------------------


def _fields() -> dict[str, tuple[str, ...]]:
    from models.denial import columns

    return {
        "text": ("claim_key", "patient_key", "coverage_key", "card_key", *columns.TEXTS),
        "number": columns.NUMBERS,
        "flag": columns.FLAGS,
        "list": (*columns.TEXT_LISTS, *columns.NUMBER_LISTS),
        "day": ("submitted_on",),
    }


def _problems(table: Any, through: int) -> list[str]:
    """Why each row cannot be scored, "" where it can."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    names = [name for kind in _fields().values() for name in kind]
    missing = [name for name in names if name not in table.column_names and name not in _OPTIONAL]
    if missing:
        raise InputError(f"the column {missing[0]} is missing", mend="give claims as cleanclaim export writes them")
    empty = np.zeros(table.num_rows, dtype=bool)
    for name in set(names) & set(table.column_names):
        empty |= table[name].is_null().to_numpy()
    lengths = [
        pc.fill_null(pc.list_value_length(table[n]), -1).to_numpy() for n in ("procedures", "modifiers", "units")
    ]
    lengths += [pc.fill_null(pc.list_value_length(table[n]), -1).to_numpy() for n in ("amounts_cents", "pointed")]
    uneven = np.logical_or.reduce([length != lengths[0] for length in lengths])
    past = pc.fill_null(_days(table["submitted_on"], pa, pc), through + 1).to_numpy() <= through
    words = np.select([empty, uneven, lengths[0] == 0, past], [_INCOMPLETE, _UNEVEN, _NO_LINES, _PAST], default="")
    return [str(word) for word in words]


def _days(column: Any, pa: Any, pc: Any) -> Any:
    """Ordinals of a column of dates, or of texts that are dates."""
    return pc.add(column.cast(pa.date32()).cast(pa.int32()).cast(pa.int64()), _EPOCH)


def columns_of(table: Any) -> ClaimColumns:
    """The claims of a table that `_problems` found nothing wrong with, by column."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from models.denial import columns
    from models.denial.facts import ENROLLED_LONG

    def given(name: str) -> Any:
        if name in table.column_names:
            return table[name].combine_chunks()
        default = ENROLLED_LONG if name == "enrolled_days" else _OPTIONAL[name]
        return pa.repeat(pa.scalar(default), table.num_rows)

    def words(array: Any) -> columns.Words:
        coded = array.cast(pa.string()).dictionary_encode()
        return columns.Words(coded.indices.to_numpy().astype(np.int64), coded.dictionary.to_pylist())

    def numbers(array: Any) -> Any:
        return array.cast(pa.int64()).to_numpy(zero_copy_only=False)

    def ragged(name: str, column: Any) -> columns.Ragged:
        array = given(name)
        counts = pc.list_value_length(array).to_numpy(zero_copy_only=False)
        starts = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        return columns.Ragged(starts, column(array.flatten()))

    keys = ("claim_key", "patient_key", "coverage_key", "card_key")
    fields: dict[str, Any] = {f"{name}s": given(name).to_pylist() for name in keys}
    fields |= {"submitted": _days(given("submitted_on"), pa, pc).to_numpy(zero_copy_only=False)}
    fields |= {name: numbers(given(name)) for name in (*columns.NUMBERS, *columns.FLAGS)}
    fields |= {name: words(given(name)) for name in columns.TEXTS}
    fields |= {name: ragged(name, words) for name in columns.TEXT_LISTS}
    fields |= {name: ragged(name, numbers) for name in columns.NUMBER_LISTS}
    return columns.ClaimColumns(**fields)


# --- the run ------------------------------------------------------------------------------------------------------


def _sha256(path: Path) -> str:
    with path.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def _finished(target: Path, seals: Iterable[tuple[str, str]]) -> bool:
    """Whether the file stands there whole and was made of just this."""
    import pyarrow
    import pyarrow.parquet

    try:
        metadata: Mapping[bytes, bytes] = pyarrow.parquet.read_schema(target).metadata or {}
    except (OSError, pyarrow.ArrowException):
        return False
    return all(metadata.get(name.encode()) == seal.encode() for name, seal in seals)


@lru_cache(maxsize=1)
def _read_model(folder: str, seal: str) -> Predictor:
    return Predictor.load(folder)


@lru_cache(maxsize=1)
def _read_history(file: str, seal: str) -> History:
    """The history with all that it holds folded in, so that asking it changes nothing. InputError for what is none."""
    try:
        history = History.from_json(Path(file).read_text("utf-8")) if file else History()
    except (HistoryError, UnicodeDecodeError) as error:
        mend = "name the history.json that cleanclaim-train denial of this version wrote"
        raise InputError("it is damaged, cut short or no history", field="--history", mend=mend) from error
    history.settle()
    return history


def jobs(source: Path, out: Path, model: Path, history: Path | None) -> list[Job]:
    """One job a parquet file, in the order of their names. Raises InputError when there is none."""
    files = [source] if source.is_file() else sorted(source.rglob("*.parquet"))
    if not files:
        raise InputError("no parquet file of claims is there", field="--in", mend="name a file or a folder of files")
    if history is not None and not history.is_file():
        raise InputError("there is no such file", field="--history", mend="name the history.json of a training run")
    root = source.parent if source.is_file() else source
    shared = (("model", Predictor.load(model).sha256), ("history", _sha256(history) if history else "none"))
    if history is not None:
        _read_history(str(history.resolve()), dict(shared)["history"])  # before anything is begun
    return [
        Job(
            str(file.resolve()),
            str((out / file.relative_to(root)).resolve()),
            str(model.resolve()),
            str(history.resolve()) if history else "",
            (("claims", _sha256(file)), *shared),
        )
        for file in files
    ]


def _one_by_one(found: Iterable[Job]) -> Iterator[Done]:
    return map(score_file, found)


def _in_processes(workers: int, found: list[Job]) -> Iterator[Done]:
    """Each file by one of so many processes, as they finish. Each process is new: it shares no thread's half-done work,
    and ends with this one.
    """
    if not 1 <= workers <= WORKERS_MAX:
        raise InputError("not so many processes", field="--workers", mend=f"give a number from 1 to {WORKERS_MAX}")
    with ProcessPoolExecutor(min(workers, len(found)), multiprocessing.get_context("spawn")) as pool:
        try:
            for done in as_completed([pool.submit(score_file, job) for job in found]):
                yield done.result()
        except BrokenProcessPool as error:
            mend = "give the same command again: what is finished is not done again; with fewer, each has more memory"
            raise InputError("a process was ended before its file was done", field="--workers", mend=mend) from error


def _on_dask(address: str, found: list[Job]) -> Iterator[Done]:
    """Each file by a worker of the cluster at `address`, as they finish."""
    with cluster.connected(address) as client:
        for _, done in import_module("distributed").as_completed(
            client.map(score_file, found, pure=False), loop=client.loop, with_results=True
        ):
            yield done


def _only_model(home: Path) -> Path:
    """The one denial model that this installation keeps."""
    from models.artifact import ArtifactError, open_artifact

    found = []
    for manifest in sorted(home.glob("*/*/*/manifest.json")):
        try:
            found += [manifest.parent] if open_artifact(manifest.parent).kind == KIND else []
        except ArtifactError:
            continue
    if len(found) != 1:
        raise InputError(
            f"{len(found)} denial models are kept here: which one?",
            field="--model",
            mend="name its folder: cleanclaim-train denial --out DIR writes DIR/artifact",
        )
    return found[0]


def arguments(parser: argparse.ArgumentParser) -> None:
    """The files, the model, what is known, and where to run."""
    parser.add_argument("--in", dest="source", type=Path, required=True, help="parquet file of claims, or a folder")
    parser.add_argument("--out", type=Path, required=True, help="folder for the files of scores")
    parser.add_argument("--model", type=Path, help="artifact folder; left out: the only denial model kept here")
    parser.add_argument("--history", type=Path, help=f"history file; left out: {HISTORY} beside the model's folder")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--workers", type=int, default=1, help="processes of this machine to score with (default: 1)")
    where.add_argument("--dask", metavar="ADDRESS", help="scheduler of a Dask cluster, as tcp://HOST:PORT")


def command(args: argparse.Namespace) -> int:
    """Score files of claims with the denial model, here or on Dask."""
    from serving import settings

    model = args.model or _only_model(settings.read().artifacts)
    history = args.history or next((f for f in (model.parent / HISTORY,) if f.is_file()), None)
    if history is None:
        sys.stderr.write("no history is given: every claim is scored as a new practice's first\n")
    found = jobs(args.source, args.out, model, history)
    began, claims, without, refused = time.monotonic(), 0, 0, 0
    if args.dask:
        finished = _on_dask(args.dask, found)
    else:
        finished = _one_by_one(found) if args.workers == 1 else _in_processes(args.workers, found)
    for place, done in enumerate(finished, start=1):
        claims, without = claims + done.claims, without + done.without
        refused += bool(done.problem)
        pace = claims / max(time.monotonic() - began, 1e-9)
        said = done.problem or f"{done.claims} claims, {done.without} without a score"
        sys.stderr.write(f"{place}/{len(found)} {Path(done.target).name}: {said} ({pace:.0f} claims a second)\n")
    files = len(found) - refused
    sys.stdout.write(f"{claims} claims in {files} files scored, {without} without a score, {refused} files refused\n")
    return 2 if refused else 0
