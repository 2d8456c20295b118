"""All that is collected about a run, as the texts of its artifact folder ``provenance/``."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from hhexp.data import Dataset
from hhexp.provenance.environment import read_variables
from hhexp.provenance.machine import describe_machine
from hhexp.provenance.packages import list_packages
from hhexp.provenance.repository import read_repositories
from hhexp.provenance.sources import find_sources, hash_sources

FOLDER = "provenance"


def collect(
    *,
    modules: Sequence[str],
    dataset: Dataset,
    device: str,
    isa: str,
    lists: Mapping[str, Any] | None = None,
) -> dict[str, str]:
    """Collect the provenance of a run in this process; TensorFlow need not have been started.

    Args:
        modules: those that the person named, imported already.
        dataset: what the run trains on.
        device: what it computes on, cpu or gpu.
        isa: its ``runtime.isa``.
        lists: what data.json has in place of the lists of files, such as where they are.

    Returns:
        from artifact path to text: git.json (hhexp's repository; the others of the person's modules
        under "others"), a patch for each that has uncommitted changes, sources.json,
        packages.txt, machine.json, environment.json and data.json.
    """
    files = find_sources(modules)
    (first, *others), patches = read_repositories(files)
    sources = {k: v for named in hash_sources(tuple(modules)).values() for k, v in named.items()}
    texts = {
        "git.json": _to_json({**asdict(first), "others": [asdict(state) for state in others]}),
        **patches,
        "sources.json": _to_json(sources),
        "packages.txt": list_packages(),
        "machine.json": _to_json({"device": device, **describe_machine(isa)}),
        "environment.json": _to_json(read_variables(isa)),
        "data.json": _to_json(_describe_data(dataset) | dict(lists or list_files(dataset))),
    }
    return {f"{FOLDER}/{name}": text for name, text in texts.items()}


def list_files(dataset: Dataset) -> dict[str, Any]:
    """The files of a data set; those that training does not see apart from those that it sees."""
    lists = {"files": [asdict(entry) for entry in dataset.manifest]}
    if dataset.test is not None:
        lists["test_files"] = [asdict(entry) for entry in dataset.test_manifest]
    return lists


def _describe_data(dataset: Dataset) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "fingerprint": dataset.fingerprint,
        **({"test_fingerprint": dataset.test_fingerprint} if dataset.test else {}),
        "classes": dataset.classes,
        "counts": dataset.counts,
    }


def _to_json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
