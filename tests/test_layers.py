"""Imports go down the layers, and heavy libraries are imported where they are used."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src"

# From the ground up. A module imports from lower layers, and within its own package.
LAYERS = (
    {"conf"},  # the YAML files
    {"errors", "atomic"},
    {"console", "options"},
    {"config"},
    {"data"},
    {"augment"},
    {"models"},
    {"training"},
    {"provenance"},
    {"display"},
    {"figures"},
    {"tracking"},
    {"experiment"},
    {"launching"},
    {"reproduction"},
    {"prediction"},
    {"analysis"},
    {"run", "reproduce", "report", "predict", "publish", "ui"},
    {"__main__"},
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}

HEAVY = {"PIL", "cv2", "keras", "matplotlib", "mlflow", "pandas", "scipy", "tensorflow"}
DRAWERS = {"base", "common", "helpers", "misc", "utils"}


@dataclass(frozen=True)
class Import:
    """One import statement's target."""

    line: int
    target: str  # "hhexp.data.order", "tensorflow"
    on_import: bool  # carried out when the module is imported, not in a function or for types only


@dataclass(frozen=True)
class Module:
    """A source file as the rules see it."""

    name: str  # "hhexp.data.order"; a package's __init__.py has the package's name
    imports: tuple[Import, ...]

    @property
    def layer(self) -> str:
        """``data`` for ``hhexp.data.order``; empty for ``hhexp`` itself, which is below all."""
        return layer_of(self.name)


def layer_of(name: str) -> str:
    first, *rest = name.split(".")
    if first == "hhexp":
        return rest[0] if rest else ""
    return first


def read_modules(src: Path) -> dict[str, Module]:
    """All modules below a ``src`` folder by name."""
    files = {}
    for path in sorted(src.rglob("*.py")):
        parts = path.relative_to(src).with_suffix("").parts
        files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return {name: Module(name, tuple(imports(name, path, files))) for name, path in files.items()}


def imports(name: str, path: Path, known: dict[str, Path]) -> Iterator[Import]:
    """What a file imports; ``from package import module`` counts as importing the module."""
    package = name if path.stem == "__init__" else name.rpartition(".")[0]
    for node, on_import in statements(ast.parse(path.read_text(encoding="utf-8")), True):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        else:
            parents = package.split(".")[: len(package.split(".")) - node.level + 1]
            origin = ".".join([*(parents if node.level else []), *filter(None, [node.module])])
            members = [f"{origin}.{alias.name}" for alias in node.names]
            targets = [member if member in known else origin for member in members]
        for target in dict.fromkeys(targets):
            yield Import(node.lineno, target, on_import)


def statements(
    node: ast.AST, on_import: bool
) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """The import statements below a node, and whether importing the module carries them out."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, on_import
        else:
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            types = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
            yield from statements(child, on_import and not inside and not types)


def violations(src: Path) -> list[str]:
    """Each breach of a rule, in one line."""
    modules = read_modules(src)
    found = []
    for module in modules.values():
        if module.name.rpartition(".")[2] in DRAWERS:
            found.append(f"{module.name}: a name that says nothing")
        if module.layer and module.layer not in LEVEL:
            found.append(f"{module.name}: {module.layer} is no layer; give it a place in LAYERS")
            continue
        found += [
            f"{module.name}:{i.line}: {why}" for i in module.imports for why in breaches(module, i)
        ]
    return found + cycles(modules)


def breaches(module: Module, imported: Import) -> Iterator[str]:
    """What is wrong with one import."""
    library = imported.target.partition(".")[0]
    level = LEVEL.get(module.layer, -1)
    if library == "hhexp":
        layer = layer_of(imported.target)
        if layer and layer != module.layer and LEVEL.get(layer, -1) >= level:
            way = "sideways" if LEVEL[layer] == level else "up"
            yield f"imports {way}: {imported.target}"
    if library == "hydra" and level < LEVEL["experiment"]:
        yield "imports hydra below experiment"
    if library == "mlflow" and module.layer != "tracking":
        yield "imports mlflow outside tracking"
    if library in HEAVY and imported.on_import:
        yield f"imports {library} outside the function that uses it"


def cycles(modules: dict[str, Module]) -> list[str]:
    graph = {m.name: {i.target for i in m.imports if i.target in modules} for m in modules.values()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [f"import cycle: {' → '.join(reversed(error.args[1]))}"]
    return []


def test_imports_go_down_the_layers() -> None:
    assert violations(SRC) == []


@pytest.mark.parametrize("words", [["--help"], ["--cfg", "job"], ["epochs=0"], ["epoch=1"]])
def test_what_needs_no_training_imports_nothing_heavy(words: list[str], tmp_path: Path) -> None:
    code = (
        "import sys, hhexp.run\n"
        f"status = hhexp.run.main({words})\n"
        f"print(sorted(set(sys.modules) & {HEAVY}), file=sys.stderr)\n"
        "sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == (2 if "=" in words[0] else 0), done.stderr
    assert done.stderr.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("path", "source", "said"),
    [
        ("data/order.py", "import hhexp.training.loop", "imports up: hhexp.training.loop"),
        ("data/order.py", "from hhexp.training import loop", "imports up: hhexp.training.loop"),
        ("data/order.py", "from ..training import loop", "imports up: hhexp.training.loop"),
        ("data/order.py", "def f():\n    from hhexp import training", "imports up: hhexp.training"),
        ("run.py", "from hhexp import ui", "imports sideways: hhexp.ui"),
        ("data/order.py", "import hydra", "imports hydra below experiment"),
        ("config.py", "def f():\n    from hydra import compose", "imports hydra below experiment"),
        ("experiment.py", "def f():\n    import mlflow.keras", "imports mlflow outside tracking"),
        ("tracking/a.py", "import mlflow", "imports mlflow outside the function that uses it"),
        ("data/a.py", "class A:\n    import cv2", "imports cv2 outside the function that uses it"),
        ("data/a.py", "try:\n    from PIL import Image\nexcept ImportError:\n    pass", "PIL"),
        ("data/utils.py", "", "a name that says nothing"),
        ("drawer.py", "", "drawer is no layer"),
        ("data/a.py", "from hhexp.data import b", "import cycle: "),
    ],
)
def test_a_breach_is_found(path: str, source: str, said: str, tmp_path: Path) -> None:
    draw(tmp_path, {path: source})
    assert any(said in line for line in violations(tmp_path)), violations(tmp_path)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("training/loop.py", "from hhexp.data import b\nfrom hhexp import __version__"),
        ("training/loop.py", "def f():\n    import tensorflow as tf"),
        ("training/a.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import keras"),
        ("data/a.py", "from .c import x"),
        ("experiment.py", "import hydra"),
        ("tracking/a.py", "def f():\n    import mlflow"),
        ("__main__.py", "from hhexp import ui"),
    ],
)
def test_what_the_layers_allow_passes(path: str, source: str, tmp_path: Path) -> None:
    draw(tmp_path, {path: source})
    assert violations(tmp_path) == []


def draw(src: Path, files: dict[str, str]) -> None:
    """A small tree without a breach, but for what ``files`` adds."""
    sound = {
        "__init__.py": "",
        "data/__init__.py": "",
        "data/b.py": "from hhexp.data.a import x",
        "data/a.py": "",
        "data/c.py": "",
        "training/__init__.py": "",
        "training/loop.py": "",
        "ui.py": "",
    }
    for name, source in (sound | files).items():
        path = src / "hhexp" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
