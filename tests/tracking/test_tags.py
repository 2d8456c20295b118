"""Tags: every name in one place, and runs found by them."""

import re
from pathlib import Path

import hhexp
from hhexp.tracking import tags
from hhexp.tracking.query import find_matching
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store

NAMES = [value for name, value in vars(tags).items() if name.isupper()]


def test_every_tag_has_a_name_of_its_own() -> None:
    assert len(set(NAMES)) == len(NAMES) > 15


def test_no_other_module_spells_a_name() -> None:
    home = Path(tags.__file__)
    for file in Path(hhexp.__file__).parent.rglob("*.*"):
        if file != home and file.suffix in {".py", ".j2"}:
            # A command may have the name of a tag.
            text = re.sub(r'prog="[^"]*"', "", file.read_text(encoding="utf-8"))
            assert not [name for name in NAMES if f'"{name}"' in text or f"`{name}`" in text], file


def test_a_run_is_found_by_a_tag(store: Store) -> None:
    run = TrackedRun.start(store, "study", "one", None, {tags.LABEL: "quick"})
    TrackedRun.start(store, "study", "other", None, {tags.LABEL: "slow"})
    found = find_matching(store, tags.tag_equals(tags.LABEL, "quick"))
    assert [each.run_id for each in found] == [run.run_id]
