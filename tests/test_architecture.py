"""Who may import whom, and the shape of the house: docs/decisions and DESIGN section 2, enforced."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("billing_core", "models", "training", "serving", "app_streamlit")
MAY_IMPORT = {
    "billing_core": {"billing_core"},
    "models": {"models", "billing_core"},
    "training": {"training", "models", "billing_core"},
    "serving": {"serving", "models", "billing_core"},
    "app_streamlit": {"app_streamlit", "serving"},
}
# A library and the only places (path prefixes) that may import it.
ONLY_IN = {
    "mlflow": ("training/tracking.py",),
    "sqlalchemy": ("serving/store/",),
    "alembic": ("serving/store/",),
    "pydantic": ("serving/",),
    "fastapi": ("serving/",),
    "pyx12": ("serving/clearinghouse/",),
    "streamlit": ("app_streamlit/",),
}
BANNED_NAMES = {"utils", "helpers", "common", "shared", "manager", "handler", "processor", "service", "misc"}
LONGEST_FUNCTION = 70
# Clock, randomness, environment and I/O stay out of the core.
NOT_IN_CORE = {"random", "secrets", "os", "time", "uuid", "socket", "subprocess", "threading", "asyncio", "logging"}
STDLIB = set(sys.stdlib_module_names)


def sources(*packages: str) -> list[Path]:
    return sorted(p for package in packages for p in (ROOT / package).rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}:{node.lineno}: write the whole name of what is imported"
            yield str(node.module), node.lineno
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_only_what_they_may(package: str) -> None:
    ours = set(PACKAGES) | {"tests", "notebooks"}
    wrong = [
        f"{name(path)}:{line} imports {module}"
        for path in sources(package)
        for module, line in imports(path)
        if module.split(".")[0] in ours - MAY_IMPORT[package]
    ]
    assert not wrong, wrong


def test_the_core_uses_the_standard_library_alone() -> None:
    wrong = [
        f"{name(path)}:{line} imports {module}"
        for path in sources("billing_core")
        for module, line in imports(path)
        if (top := module.split(".")[0]) != "billing_core" and (top not in STDLIB or top in NOT_IN_CORE)
    ]
    assert not wrong, wrong


def test_the_core_reads_no_clock() -> None:
    wrong = [
        f"{name(path)}:{node.lineno} asks {node.attr}()"
        for path in sources("billing_core")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"today", "utcnow", "now"}
        and isinstance(node.value, ast.Name) and node.value.id in {"date", "datetime"}
    ]  # fmt: skip
    assert not wrong, wrong


@pytest.mark.parametrize("library", sorted(ONLY_IN))
def test_libraries_stay_in_their_room(library: str) -> None:
    wrong = [
        f"{name(path)}:{line}"
        for path in sources(*PACKAGES)
        for module, line in imports(path)
        if module.split(".")[0] == library and not name(path).startswith(ONLY_IN[library])
    ]
    assert not wrong, wrong


def test_the_screens_know_only_schemas_and_http() -> None:
    wrong = [
        f"{name(path)}:{line} imports {module}"
        for path in sources("app_streamlit")
        for module, line in imports(path)
        if module.split(".")[0] == "serving" and module != "serving" and not module.startswith("serving.schemas")
    ]
    assert not wrong, wrong


def test_neither_models_nor_denial_training_see_the_generator() -> None:
    blind = [*sources("models"), *(p for p in sources("training") if p.parent == ROOT / "training")]
    doors = {"training/__main__.py"}  # the command table names every command's module
    wrong = [
        f"{name(path)}:{line} imports {module}"
        for path in blind
        if name(path) not in doors
        for module, line in imports(path)
        if module.startswith(("training.synthetic", "training.simulated_payer"))
    ]
    assert not wrong, wrong


def test_the_simulated_payer_knows_the_core_alone() -> None:
    wrong = [
        f"{name(path)}:{line} imports {module}"
        for path in sources("training/simulated_payer")
        for module, line in imports(path)
        if module.startswith(("models", "training")) and not module.startswith("training.simulated_payer")
    ]
    assert not wrong, wrong


def _graph() -> dict[str, set[str]]:
    modules = {name(p)[:-3].replace("/", ".").removesuffix(".__init__"): p for p in sources(*PACKAGES)}
    graph: dict[str, set[str]] = {}
    for module, path in modules.items():
        # Only imports at the top of a module can make a circle; those inside functions are lazy on purpose.
        body = [n for n in ast.parse(path.read_text("utf-8")).body if isinstance(n, (ast.Import, ast.ImportFrom))]
        found: set[str] = set()
        for node in body:
            if isinstance(node, ast.Import):
                found |= {a.name for a in node.names}
            else:
                inner = {f"{node.module}.{a.name}" for a in node.names}
                found |= {m for m in inner if m in modules} or {str(node.module)}
        graph[module] = {m for m in found if m in modules and m != module}
    return graph


def test_no_circles() -> None:
    graph = _graph()
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join([*trail[trail.index(module) :], module])
        if module not in done:
            for inner in sorted(graph[module]):
                visit(inner, (*trail, module))
            done.add(module)

    for module in sorted(graph):
        visit(module, ())


def test_functions_fit_on_a_screen() -> None:
    wrong = [
        f"{name(path)}:{node.lineno} {node.name} has {length} lines"
        for path in sources(*PACKAGES)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (length := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION
    ]
    assert not wrong, wrong


def test_files_are_named_in_the_trades_words() -> None:
    wrong = [name(path) for path in sources(*PACKAGES) if path.stem in BANNED_NAMES or path.parent.name in BANNED_NAMES]
    assert not wrong, wrong


def test_every_module_opens_with_its_promise() -> None:
    wrong = [
        name(p)
        for p in sources(*PACKAGES)
        if "versions" not in p.parts and not ast.get_docstring(ast.parse(p.read_text("utf-8")))
    ]
    assert not wrong, wrong


def test_every_test_folder_is_a_package() -> None:
    wrong = [name(p.parent) for p in sorted((ROOT / "tests").rglob("*.py")) if not (p.parent / "__init__.py").exists()]
    assert not wrong, wrong
