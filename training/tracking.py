"""The record of training runs and the register of models: MLflow on SQLite. The only file that imports mlflow.

What is recorded names nobody: parameters and tags are short technical texts (a name or a sentence with other characters
is refused), metrics are numbers, and the files are the artifact directory and what the caller puts beside it. The
judged claims beside a denial model are rows under pseudonyms with the day each was sent; so the register's folder is a
limited data set (45 CFR 164.514(e)), as the export is, and stays where the export stays.

Aliases: `challenger` is the newest version that passed its gate and was not put in service, `champion` the one in
service; what the practice's books say of that is theirs to say, and training/reconcile.py brings it here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from billing_core.errors import BillingError

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

CHAMPION = "champion"
CHALLENGER = "challenger"
ARTIFACT_FOLDER = "artifact"
BESIDE_FOLDER = "beside"

_SQLITE = "sqlite:///"
_TECHNICAL = re.compile(r"[A-Za-z0-9 ._:/+-]{0,200}\Z", re.ASCII)


class TrackingError(BillingError):
    """The register of models cannot be used as asked."""


@dataclass(frozen=True, slots=True)
class Registered:
    """One registered version: `artifact` is the folder the API could load, `beside` what was logged with it."""

    model: str
    version: int
    run_id: str
    artifact: Path
    beside: Path
    tags: tuple[tuple[str, str], ...] = ()


def database(tracking: str) -> Path:
    """The SQLite file of a tracking URL `sqlite:///FILE`. Raises TrackingError for any other URL."""
    if not tracking.startswith(_SQLITE) or tracking == _SQLITE:
        raise TrackingError("the tracking URL is not a SQLite file", mend="write sqlite:///var/mlflow.db")
    return Path(tracking.removeprefix(_SQLITE)).resolve()


def log_run(
    tracking: str,
    model: str,
    artifact: Path,
    params: Mapping[str, str],
    metrics: Mapping[str, float],
    *,
    beside: Path | None = None,
    tags: Mapping[str, str] | None = None,
) -> str:
    """Log one run with its artifact directory; returns the run id.

    `tracking` is a URL `sqlite:///FILE`; the files go to a folder beside that database. A parameter or tag that is
    not a short technical text raises TrackingError: that is where patient data would slip in.
    """
    _refuse_prose({**params, **(tags or {})})
    client = _client(tracking)
    from mlflow.entities import Metric, Param, RunTag

    run = client.create_run(_experiment(client, tracking, model))
    run_id: str = run.info.run_id
    client.log_batch(
        run_id,
        metrics=[Metric(key, float(value), 0, 0) for key, value in sorted(metrics.items())],
        params=[Param(key, value) for key, value in sorted(params.items())],
        tags=[RunTag(key, value) for key, value in sorted((tags or {}).items())],
    )
    client.log_artifacts(run_id, str(artifact), ARTIFACT_FOLDER)
    if beside is not None:
        client.log_artifacts(run_id, str(beside), BESIDE_FOLDER)
    client.set_terminated(run_id)
    return run_id


def register(tracking: str, model: str, run_id: str, *, tags: Mapping[str, str] | None = None) -> Registered:
    """Make the run's artifact the newest version of `model`, and its challenger. Call it when the gate was passed."""
    _refuse_prose(tags or {})
    client = _client(tracking)
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(model)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    source = f"{client.get_run(run_id).info.artifact_uri}/{ARTIFACT_FOLDER}"
    version = client.create_model_version(model, source=source, run_id=run_id, tags=dict(tags or {}))
    client.set_registered_model_alias(model, CHALLENGER, version.version)
    return _registered(client, version)


def enter(
    tracking: str,
    model: str,
    artifact: Path,
    params: Mapping[str, str],
    metrics: Mapping[str, float],
    *,
    data: str,
    passed: bool,
    beside: Path | None = None,
) -> str:
    """Log one run and, when its gate was passed, register it; what happened, in words. `data`: real or synthetic."""
    tags = {"gate": "passed" if passed else "failed", "data": data}
    run_id = log_run(tracking, model, artifact, params, metrics, beside=beside, tags=tags)
    if not passed:
        return "not registered: the gate says no\n"
    return f"registered as {model} version {register(tracking, model, run_id, tags=tags).version}, challenger\n"


def candidate(tracking: str, model: str) -> Registered:
    """The version to be promoted: the challenger; where there is none the champion, which is there already."""
    client = _client(tracking)
    for alias in (CHALLENGER, CHAMPION):
        if (found := _with_alias(client, model, alias)) is not None:
            return _registered(client, found)
    raise TrackingError(f"no version of model {model} is registered", mend=f"train one first: cleanclaim-train {model}")


def versions(tracking: str, model: str) -> tuple[Registered, ...]:
    """Every version of `model`, the first first."""
    client = _client(tracking)
    found = client.search_model_versions(f"name = '{model}'")
    return tuple(sorted((_registered(client, each) for each in found), key=lambda r: r.version))


def holder(tracking: str, model: str, alias: str) -> int | None:
    """The number of the version that carries the alias, if one does."""
    found = _with_alias(_client(tracking), model, alias)
    return int(found.version) if found is not None else None


def by_version(tracking: str, model: str, number: int) -> Registered:
    """The version of `model` with that number; TrackingError when there is none."""
    client = _client(tracking)
    from mlflow.exceptions import MlflowException

    try:
        return _registered(client, client.get_model_version(model, str(number)))
    except MlflowException as error:
        raise TrackingError(
            f"no version {number} of model {model} is registered", mend="look at the register: mlflow ui"
        ) from error


def crown(tracking: str, version: Registered, *, signed_by: str) -> None:
    """Give the version the alias champion and write down who signed for it (a user name, not a sentence). It is no
    longer a challenger; the champion before it, if any, is told in the tag `replaced`.
    """
    _refuse_prose({"signed by": signed_by})
    client = _client(tracking)
    name, number = version.model, str(version.version)
    before = _with_alias(client, name, CHAMPION)
    client.set_model_version_tag(name, number, "signed_by", signed_by)
    if before is not None and str(before.version) != number:
        client.set_model_version_tag(name, number, "replaced", str(before.version))
    client.set_registered_model_alias(name, CHAMPION, number)
    challenger = _with_alias(client, name, CHALLENGER)
    if challenger is not None and str(challenger.version) == number:
        client.delete_registered_model_alias(name, CHALLENGER)


def challenge(tracking: str, version: Registered) -> None:
    """Give the version the alias challenger."""
    _client(tracking).set_registered_model_alias(version.model, CHALLENGER, str(version.version))


def note(tracking: str, version: Registered, tags: Mapping[str, str]) -> None:
    """Write short technical texts beside the version, such as what the gate of promotion said of it."""
    _refuse_prose(tags)
    client = _client(tracking)
    for key, value in sorted(tags.items()):
        client.set_model_version_tag(version.model, str(version.version), key, value)


def _with_alias(client: MlflowClient, model: str, alias: str) -> Any:
    from mlflow.exceptions import MlflowException

    try:
        return client.get_model_version_by_alias(model, alias)
    except MlflowException:
        return None


def _client(tracking: str) -> MlflowClient:
    """A client on the SQLite file. Usage telemetry is off: nothing leaves the machine."""
    file = database(tracking)
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    from mlflow.tracking import MlflowClient

    file.parent.mkdir(parents=True, exist_ok=True)
    return MlflowClient(tracking_uri=tracking, registry_uri=tracking)


def _experiment(client: MlflowClient, tracking: str, model: str) -> str:
    """The experiment named after the model, made when it is missing."""
    found = client.get_experiment_by_name(model)
    if found is not None:
        return str(found.experiment_id)
    file = database(tracking)
    location = file.parent / f"{file.stem}-files" / model
    return str(client.create_experiment(model, artifact_location=str(location)))


def _registered(client: MlflowClient, version: Any) -> Registered:
    root = Path(str(client.get_run(version.run_id).info.artifact_uri).removeprefix("file://"))
    tags = tuple(sorted((str(k), str(v)) for k, v in (version.tags or {}).items()))
    return Registered(
        version.name, int(version.version), version.run_id, root / ARTIFACT_FOLDER, root / BESIDE_FOLDER, tags
    )


def _refuse_prose(texts: Mapping[str, str]) -> None:
    for key, value in texts.items():
        if not _TECHNICAL.match(key) or not _TECHNICAL.match(value):
            raise TrackingError(
                "a parameter or tag that is not a short technical text",
                where=key if _TECHNICAL.match(key) else "",
                mend="record a number, a date, a code or a digest",
            )
