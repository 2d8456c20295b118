"""The figures in a table: on the terminal, as Markdown, as JSON."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from hhexp.benchmark.figures import Figure, flags
from hhexp.provenance.machine import usable_cores
from hhexp.training.runtime import cpu_name

if TYPE_CHECKING:
    from rich.table import Table

FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
"""Instruction sets that decide how fast a CPU can be here."""
PACKAGES = ("hhexp", "tensorflow", "keras", "numpy", "mlflow", "opencv-python-headless")
COLUMNS = ("figure", "what", "ours", "yardstick", "ratio", "range", "reach", "reached")


@dataclass(frozen=True)
class Conditions:
    """Where and how the figures were measured."""

    cpu: str
    flags: tuple[str, ...]
    cores: int
    load: float | None
    """Processes that ran on the machine before it began, a minute's mean."""
    system: str
    versions: dict[str, str]
    command: str
    images: str
    form: str
    repeats: int

    @classmethod
    def here(cls, *, command: str, images: str, form: str, repeats: int) -> "Conditions":
        """Those of this machine, now."""
        return cls(
            cpu=cpu_name(),
            flags=tuple(flag for flag in FLAGS if flag in flags()),
            cores=usable_cores(),
            load=round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
            system=f"{platform.system()} {platform.machine()}",
            versions={
                "python": platform.python_version(),
                **{name: version(name) for name in PACKAGES},
            },
            command=command,
            images=images,
            form=form,
            repeats=repeats,
        )

    def lines(self) -> list[str]:
        """In words."""
        load = "" if self.load is None else f", load {self.load} before it began"
        return [
            f"{self.cpu} ({' '.join(self.flags) or 'none of ' + ' '.join(FLAGS)}), "
            f"{self.cores} cores{load}, {self.system}",
            ", ".join(f"{name} {number}" for name, number in self.versions.items()),
            f"{self.command}: {self.form}, medians of {self.repeats}, {self.images}",
        ]


def cells(figure: Figure) -> tuple[str, ...]:
    """A figure's row, for ``COLUMNS``."""

    def said(ratio: float) -> str:
        return f"{ratio:.1%}" if figure.percent else f"{ratio:.2f}×"

    ratio = "—" if figure.ratio is None else said(figure.ratio)
    spread = ""
    if len(figure.ratios) > 1:
        spread = f"{said(min(figure.ratios))} – {said(max(figure.ratios))}"
    reach = f"{'≥' if figure.at_least else '≤'} {said(figure.reach)}"
    reached = {True: "yes", False: "no", None: "—"}[figure.reached]
    return figure.name, figure.what, figure.ours, figure.other, ratio, spread, reach, reached


def notes(figures: Sequence[Figure]) -> list[str]:
    """What has to be known of the figures, those of one note together."""
    names: dict[str, list[str]] = {}
    for figure in figures:
        names.setdefault(figure.note, []).append(figure.name)
    return [f"{', '.join(those)}: {note}" for note, those in names.items()]


def table(figures: Sequence[Figure]) -> "Table":
    """The figures for a terminal."""
    from rich import box
    from rich.table import Table

    rows = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in COLUMNS:
        rows.add_column(name, no_wrap=name not in ("what", "ours", "yardstick", "range"))
    for figure in figures:
        rows.add_row(*cells(figure), style="red" if figure.reached is False else None)
    return rows


def markdown(figures: Sequence[Figure], conditions: Conditions) -> str:
    """The figures and their conditions as Markdown."""
    lines = [f"- {line}" for line in conditions.lines()]
    lines += ["", f"| {' | '.join(COLUMNS)} |", "| --- " * len(COLUMNS) + "|"]
    lines += [f"| {' | '.join(cells(figure))} |" for figure in figures]
    lines += ["", *(f"- {note}" for note in notes(figures))]
    return "\n".join(lines) + "\n"


def as_json(figures: Sequence[Figure], conditions: Conditions) -> str:
    """The figures and their conditions as JSON, with the ratio of each repeat."""
    rows = [
        {**asdict(figure), "ratio": figure.ratio, "reached": figure.reached} for figure in figures
    ]
    made = {"conditions": asdict(conditions), "figures": rows}
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def write(path: Path, figures: Sequence[Figure], conditions: Conditions) -> None:
    """Write them as the name's ending says, .json or .md; whole, or not at all."""
    make = as_json if path.suffix == ".json" else markdown
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(make(figures, conditions), encoding="utf-8")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
