"""The list of a large data set's files is in a store once, and a run's record has it."""

import json

from hhexp.tracking.manifests import PATH, add_manifest, keep_manifest
from hhexp.tracking.query import find_trained
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store

LISTS = {"files": [{"path": "train/a/ü.png", "bytes": 3, "sha256": "ab" * 32}]}


def write(pointer: object) -> str:
    return json.dumps({"fingerprint": "f" * 64, "list": pointer})


def test_a_list_is_kept_once_and_read_by_all(store: Store) -> None:
    pointer = keep_manifest(store, "study", "mine", LISTS)
    assert keep_manifest(store, "another", "mine", LISTS) == pointer
    assert keep_manifest(store, "study", "mine", {"files": []}) != pointer
    assert json.loads(add_manifest(store, write(pointer))) == {"fingerprint": "f" * 64, **LISTS}
    assert list(find_trained(store)) == []


def test_a_record_without_a_pointer_stays_as_it_is(store: Store) -> None:
    text = json.dumps({"fingerprint": "f" * 64, **LISTS})
    assert add_manifest(store, text) == text


def test_a_list_that_is_gone_or_was_edited_is_not_taken(store: Store) -> None:
    pointer = keep_manifest(store, "study", "mine", LISTS)
    for wrong in (
        {**pointer, "run": "0" * 32},
        {**pointer, "sha256": "0" * 64},
        {"run": pointer["run"]},
        "a word",
    ):
        assert add_manifest(store, write(wrong)) == write(wrong)
    TrackedRun(store, pointer["run"]).log_text("{}", PATH)
    assert add_manifest(store, write(pointer)) == write(pointer)
