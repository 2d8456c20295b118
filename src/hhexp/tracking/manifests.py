"""The list of a large data set's files: kept once in a store, by a run of its own.

Runs that were trained on the data set point to it.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from hhexp.errors import UserError
from hhexp.reading import MAPPING, parse_json
from hhexp.tracking.artifacts import read_text
from hhexp.tracking.query import find_finished
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import DATA_MANIFEST, KIND, tag_equals

PATH = "files.json"
"""The artifact with the list."""
POINTER = "list"
"""The key of a run's ``data.json`` that says where the list is."""


def keep_manifest(
    store: Store, experiment: str, name: str, lists: Mapping[str, Any]
) -> dict[str, str]:
    """Keep lists of files in a store, unless it has them; what points to them.

    Args:
        store: where the runs are.
        experiment: the experiment that gets the run with the lists.
        name: the data set's.
        lists: as ``data.json`` would have them.
    """
    text = json.dumps(lists, ensure_ascii=False, separators=(",", ":"))
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    known = find_finished(store, "data", tag_equals(DATA_MANIFEST, sha256))
    if known:
        return {"run": known[0].run_id, "sha256": sha256}
    tags = {KIND: "data", DATA_MANIFEST: sha256}
    tracked = TrackedRun.start(store, experiment, f"data {name}", None, tags)
    tracked.log_text(text, PATH)
    tracked.finish("FINISHED", None)
    return {"run": tracked.run_id, "sha256": sha256}


def add_manifest(store: Store, text: str) -> str:
    """A run's ``data.json`` with the lists that it points to, as far as they can be read."""
    from mlflow.exceptions import MlflowException

    try:
        data = MAPPING.validate_python(parse_json(text))
        pointer = MAPPING.validate_python(data[POINTER])
        found = read_text(store, str(pointer["run"]), PATH)
        if found is None or hashlib.sha256(found.encode()).hexdigest() != pointer["sha256"]:
            return text
        lists = MAPPING.validate_python(parse_json(found))
    except (ValueError, KeyError, UserError, MlflowException):
        return text
    whole = {key: value for key, value in data.items() if key != POINTER} | lists
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"
