"""Whatever is changed in a record, a configuration or a study, it is read or refused in one line.

hypothesis makes the changes: values exchanged, added and taken away.
"""

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from hhexp.analysis.study_file import read_study
from hhexp.csv_text import format_csv, parse_csv
from hhexp.errors import UserError
from hhexp.experiment import NOTHING, check_recorded
from hhexp.reproduction import published
from hhexp.reproduction.difference import find_differences
from hhexp.reproduction.doubts import compare_metrics
from hhexp.reproduction.numbers import describe_first_difference, tabulate_numbers
from hhexp.reproduction.record import Record, from_texts
from hhexp.tracking.names import LENGTH, make_names

EXPERIMENTS = Path(__file__).parents[1] / "experiments"
RUN = sorted(EXPERIMENTS.glob("ablation/runs/*.yaml"))[0]
IMAGES = {"name": "a", "files": [{"path": "a", "bytes": 9, "sha256": "a" * 64}], "counts": {}}

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
changes = settings(max_examples=80, deadline=None)


def change(value: Any, draw: Callable[[Any], Any]) -> Any:
    """A value with something in it exchanged, added or taken away."""
    if isinstance(value, dict) and value and draw(st.booleans()):
        key = draw(st.sampled_from(sorted(value)))
        kept = {name: each for name, each in value.items() if name != key}
        return kept if draw(st.booleans()) else {**value, key: change(value[key], draw)}
    if isinstance(value, list) and value and draw(st.booleans()):
        return [change(value[0], draw), *value[1:]]
    if isinstance(value, dict) and draw(st.booleans()):
        return {**value, draw(st.text(max_size=8)): draw(values)}
    return draw(values)


def refusal(action: Callable[[], object]) -> str:
    """Why something is refused; empty where it is not."""
    try:
        action()
    except UserError as error:
        return str(error)
    return ""


@functools.cache
def read_sound() -> Record:
    """A published run, with fewer images."""
    record = published.read(RUN)
    files = {**record.files, "data.json": json.dumps(IMAGES)}
    return record.model_copy(update={"files": files, "epochs": record.epochs[:1]}).model_copy(
        update={"config": {**record.config, "epochs": 1}}
    )


@changes
@given(data=st.data())
def test_a_record(data: st.DataObject) -> None:
    sound = read_sound()
    texts = dict(sound.texts)
    name = data.draw(st.sampled_from(sorted(texts)))
    if name.endswith(".json"):
        texts[name] = json.dumps(change(json.loads(texts[name]), data.draw))
    elif name.endswith(".yaml"):
        texts[name] = yaml.safe_dump(change(yaml.safe_load(texts[name]), data.draw))
    else:
        cut = data.draw(st.integers(0, 40))
        texts[name] = data.draw(st.text(max_size=40)) + texts[name][cut:]

    def use() -> None:
        record = from_texts(sound.run_id, "a store", "a run", texts)
        find_differences(record.provenance, sound.provenance)
        find_differences(sound.provenance, record.provenance)
        tabulate_numbers(record, sound)
        describe_first_difference(sound, record)
        compare_metrics(record, {}, {})
        assert isinstance(record.image_counts, dict) and isinstance(record.modules, list)
        str(record.portability)

    assert "\n" not in refusal(use)


@changes
@given(data=st.data())
def test_a_published_run(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = published.write(read_sound(), tmp_path_factory.mktemp("study") / "runs")
    content = change(yaml.safe_load(file.read_text("utf-8")), data.draw)
    file.write_text(yaml.safe_dump(content), "utf-8")
    assert "\n" not in refusal(lambda: published.read(file))


@changes
@given(data=st.data())
def test_a_recorded_configuration(data: st.DataObject) -> None:
    changed = change(read_sound().config, data.draw)
    values = changed if isinstance(changed, dict) else {"epochs": changed}
    assert "Traceback" not in refusal(lambda: check_recorded(values, NOTHING))


@changes
@given(data=st.data())
def test_a_study(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    sound = yaml.safe_load((EXPERIMENTS / "ablation/study.yaml").read_text("utf-8"))
    file = tmp_path_factory.mktemp("study") / "study.yaml"
    file.write_text(yaml.safe_dump(change(sound, data.draw)), "utf-8")
    assert "Traceback" not in refusal(lambda: read_study(file).cells)


@changes
@given(st.lists(st.text(), max_size=8, unique=True))
def test_names_of_metrics(names: list[str]) -> None:
    found = make_names(names)
    assert list(found) == names and len(set(found.values())) == len(names)
    assert all(0 < len(name) <= LENGTH for name in found.values())


@changes
@given(st.lists(st.lists(st.text(st.characters(codec="utf-8")), min_size=2, max_size=2)))
def test_a_table(rows: list[list[str]]) -> None:
    table = [["path", "true"], *rows]
    assert parse_csv(format_csv(table), ["path"]) == table
