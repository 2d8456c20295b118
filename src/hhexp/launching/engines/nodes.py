"""What a machine of a cluster says of itself, and which machines give a sweep's numbers."""

import contextlib
import os
import socket
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from hhexp import __version__
from hhexp.config.registry import import_modules
from hhexp.config.schema import Config
from hhexp.errors import UserError
from hhexp.experiment.identity import (
    PACKAGES,
    find_version,
    foresee_portability,
    hash_training_sources,
)
from hhexp.experiment.job import read_data
from hhexp.tracking.store import Store
from hhexp.training.approximations import fingerprint_approximations
from hhexp.training.isa import OPTIONS, find_effective


@dataclass(frozen=True)
class Surroundings:
    """What a command's processes find on its own machine, for those on others."""

    host: str
    folder: str
    environment: Mapping[str, str]
    """The variables of MLflow and of hhexp."""

    @classmethod
    def find(cls) -> "Surroundings":
        """Those of this process."""
        own = {k: v for k, v in os.environ.items() if k.startswith(("MLFLOW_", "HHEXP_"))}
        if "OMP_NUM_THREADS" in os.environ:
            own["OMP_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"]
        return cls(socket.gethostname(), os.getcwd(), own)

    def enter(self) -> None:
        """Make them those of this process, as far as this machine has them.

        Where the store is, and with which password, the command says. Folders of hhexp's own may
        be elsewhere on this machine: what it says of them stays.
        """
        os.environ.pop("OMP_NUM_THREADS", None)  # Ray's, which other engines do not set
        for name, value in self.environment.items():
            if name.startswith("HHEXP_"):
                os.environ.setdefault(name, value)
            else:
                os.environ[name] = value
        with contextlib.suppress(OSError):
            os.chdir(self.folder)


@dataclass(frozen=True)
class Survey:
    """What a machine would train with. Machines with equal surveys give equal numbers."""

    host: str
    code: Mapping[str, str]
    """Versions of packages and hashes of sources that numbers depend on."""
    instruction_sets: Mapping[str, str]
    """The effective one under each value of ``runtime.isa``."""
    approximations: str
    """A fingerprint of the CPU's, which moves models that are not portable."""
    data: Mapping[str, str]
    """The fingerprint of each data set, by its configuration."""
    fault: str = ""
    """Why it cannot train at all."""


def survey(configs: Sequence[Config], home: Surroundings) -> Survey:
    """Look at this machine; the images are then in its cache.

    Args:
        configs: one for each data set.
        home: of the command.
    """
    home.enter()
    fault, data = "", {}
    try:
        import_modules([name for config in configs for name in config.modules])
        for config in configs:
            data[config.data.model_dump_json()] = read_data(config).fingerprint
            if socket.gethostname() != home.host:
                _check_store(Store.resolve(config.tracking.uri))
    except UserError as error:
        fault = str(error)
    versions = {name: find_version(name) for name in PACKAGES}
    return Survey(
        socket.gethostname(),
        {"hhexp": __version__, **versions, **hash_training_sources()},
        {option: find_effective(option) for option in ("native", *OPTIONS)},
        fingerprint_approximations(),
        data,
        fault,
    )


def _check_store(store: Store) -> None:
    """See that a store is the same one on every machine.

    Raises:
        UserError: it is a file, or it does not answer.
    """
    if store.is_sqlite:
        raise UserError(
            f"the tracking store {store} is a file on another machine: start an MLflow server, "
            "and set tracking.uri=http://HOST:5000"
        )
    store.client()


def choose_reference(
    home: Survey, nodes: Mapping[str, Survey], places: Mapping[str, int]
) -> Survey:
    """What a node has to say of itself: the command's code and data, and the CPU of most places."""
    votes: Counter[tuple[str, str]] = Counter()
    for node, each in nodes.items():
        votes[_name_cpu(each)] += places[node]
    wanted = votes.most_common(1)[0][0]
    chosen = next(each for each in nodes.values() if _name_cpu(each) == wanted)
    return replace(
        home,
        instruction_sets=chosen.instruction_sets,
        approximations=chosen.approximations,
    )


def _name_cpu(each: Survey) -> tuple[str, str]:
    return each.instruction_sets["native"], each.approximations


def find_difference(reference: Survey, node: Survey, configs: Iterable[Config]) -> str:
    """Why a node cannot train, or would give other numbers; empty where it gives the same."""
    if node.fault:
        return node.fault
    for name, value in reference.code.items():
        if (found := node.code.get(name)) != value:
            return f"{name} is {found} there, and {value} here: install the same versions"
    for config in configs:
        if found := _find_difference(reference, node, config):
            return found
    return ""


def _find_difference(reference: Survey, node: Survey, config: Config) -> str:
    data, isa = config.data.model_dump_json(), config.runtime.isa
    if node.data.get(data) != reference.data.get(data):
        return f"data={config.data.name}: other images than here"
    found, wanted = node.instruction_sets[isa], reference.instruction_sets[isa]
    if found != wanted:
        return (
            f"its CPU computes with {found}, those of the others with {wanted}: with a limit that "
            "all have, such as runtime.isa=avx2, they give the same numbers"
        )
    portable = foresee_portability(config).startswith("portable")
    if not portable and node.approximations != reference.approximations:
        return (
            "its CPU is of another vendor than those of the others, and whether the model "
            f"{config.model.builder} is portable is not known"
        )
    return ""
