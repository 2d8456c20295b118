"""Where and how the figures were measured."""

import os
import platform
from dataclasses import dataclass
from importlib.metadata import version

from hhexp.provenance.machine import count_usable_cores
from hhexp.training.isa import cpu_flags
from hhexp.training.runtime import cpu_name

FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
"""Instruction sets that decide how fast a CPU can be here."""
PACKAGES = ("hhexp", "tensorflow", "keras", "numpy", "mlflow", "opencv-python-headless")


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
    rounds: int
    repeats: int

    @classmethod
    def observe(
        cls, *, command: str, images: str, form: str, rounds: int, repeats: int
    ) -> "Conditions":
        """Those of this machine, now."""
        present = cpu_flags() or set()
        return cls(
            cpu=cpu_name(),
            flags=tuple(flag for flag in FLAGS if flag in present),
            cores=count_usable_cores(),
            load=round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
            system=f"{platform.system()} {platform.machine()}",
            versions={
                "python": platform.python_version(),
                **{name: version(name) for name in PACKAGES},
            },
            command=command,
            images=images,
            form=form,
            rounds=rounds,
            repeats=repeats,
        )

    def describe(self) -> list[str]:
        """Three lines of text."""
        load = "" if self.load is None else f", load {self.load} before the start"
        return [
            f"{self.cpu} ({' '.join(self.flags) or 'none of ' + ' '.join(FLAGS)}), "
            f"{self.cores} cores{load}, {self.system}",
            ", ".join(f"{name} {number}" for name, number in self.versions.items()),
            f"{self.command}: {self.form}, medians of {self.rounds} rounds and of "
            f"{self.repeats} repeats, {self.images}",
        ]
