"""Records of other people are read, or refused in one line; nothing else comes of any text."""

import json
from collections.abc import Callable

import pytest
import yaml

from hhexp.errors import UserError
from hhexp.reproduction.difference import find_differences, list_uncompared
from hhexp.reproduction.doubts import compare_metrics
from hhexp.reproduction.expectation import find_vendor
from hhexp.reproduction.numbers import describe_first_difference, tabulate_numbers
from hhexp.reproduction.record import FILES, PARTS, Record, from_texts
from hhexp.reproduction.tolerance import derive_tolerance

IMAGE = {"path": "train/a/1.png", "bytes": 9, "sha256": "a" * 64}
SOUND: dict[str, str] = {
    "config.yaml": yaml.safe_dump({"epochs": 1, "model": {"filters": [8]}, "modules": []}),
    "overrides.txt": "aug=none\n",
    "epochs.json": json.dumps([{"epoch": 1, "metrics": {"val/loss": 0.5}, "weights": "a" * 64}]),
    "identity.json": json.dumps({"seed": 0, "lr.value": 1e-3, "data": "b" * 64}),
    "choices.json": json.dumps({"aug": "none"}),
    "git.json": json.dumps({"modules": ["hhexp"], "commit": "abc", "others": []}),
    "environment.json": json.dumps({"TF_ENABLE_ONEDNN_OPTS": "1"}),
    "sources.json": json.dumps({"hhexp/ui.py": "a1"}),
    "packages.txt": "numpy==2.1.0\n",
    "machine.json": json.dumps({"cpu": "One", "cpu_flags": ["avx"], "gpus": [], "cores": 2}),
    "data.json": json.dumps({"name": "a", "files": [IMAGE], "counts": {"train": {"a": 1}}}),
    "portability.json": json.dumps({"portable": True, "reasons": []}),
    "steps.csv": f"epoch,step,weights,a/kernel\n1,0,{'a' * 64},{'b' * 16}\n",
}
DEEP = "[" * 100_000
HUGE = "9" * 5000

HOSTILE = [
    *[(name, text) for name in SOUND if name.endswith(".json") for text in ("", "{", DEEP, HUGE)],
    *[(name, "\x00") for name in ("config.yaml", "identity.json", "steps.csv")],
    ("config.yaml", "epochs: 1\nmodules: 5"),
    ("config.yaml", "epochs: 1\nmodules: [[evil]]"),
    ("config.yaml", "epochs: 1\nmodel: {1: 2}"),
    ("config.yaml", "epochs: 1\nmodel: {day: 2020-01-01}"),
    ("config.yaml", "epochs: 1\nmodel: !!python/object/apply:os.system ['true']"),
    ("config.yaml", "epochs: 1\nepochs: 1"),
    ("config.yaml", "epochs: &a [1]\nother: *a"),
    ("config.yaml", "- epochs"),
    ("config.yaml", "[" * 3000),
    ("config.yaml", "epochs: 2"),
    ("epochs.json", "[]"),
    ("epochs.json", '[{"epoch": 2, "metrics": {}, "weights": "' + "a" * 64 + '"}]'),
    ("epochs.json", '[{"epoch": 1, "metrics": {"a": "0"}, "weights": "' + "a" * 64 + '"}]'),
    ("epochs.json", '[{"epoch": 1, "metrics": {"a": null}, "weights": "' + "a" * 64 + '"}]'),
    ("epochs.json", '[{"epoch": 1, "metrics": {}, "weights": "../../x"}]'),
    ("identity.json", '{"seed": []}'),
    ("identity.json", '{"seed": {"a": 1}}'),
    ("choices.json", '{"aug": 1}'),
    ("git.json", '{"modules": ["hhexp"], "others": 5}'),
    ("git.json", '{"modules": ["hhexp"], "commit": ["abc"]}'),
    ("environment.json", '{"A": 1}'),
    ("sources.json", '{"a": null}'),
    ("packages.txt", "numpy 2.1.0"),
    ("machine.json", '{"cpu_flags": "avx"}'),
    ("machine.json", '{"cpu": {"[/red]": 1}}'),
    ("machine.json", '{"gpus": [1]}'),
    ("data.json", '{"files": [{"path": "a"}]}'),
    ("data.json", '{"files": [], "fingerprint": []}'),
    ("data.json", '{"files": [], "counts": {"train": 5}}'),
    ("portability.json", '{"reasons": "Rsqrt"}'),
    ("portability.json", "[]"),
    ("steps.csv", "epoch,step\n"),
    ("steps.csv", "epoch,step,weights\n1,1\n"),
    ("steps.csv", 'epoch,step,weights\n"1,1'),
    ("steps.csv", "epoch,step,weights\n" + "a" * 200_000),
]


def read(texts: dict[str, str]) -> Record:
    return from_texts("0" * 32, "a store", "a run", texts)


def use(record: Record) -> None:
    """All that is made of a record without training."""
    sound = read(SOUND)
    for one, other in ((record, sound), (sound, record), (record, record)):
        find_differences(one.provenance, other.provenance)
        list_uncompared(one.provenance, other.provenance)
        tabulate_numbers(one, other)
        describe_first_difference(one, other)
    compare_metrics(record, {}, {})
    assert isinstance(record.image_counts, dict) and isinstance(record.modules, list)
    str(record.portability)
    find_vendor(json.loads(record.files.get("machine.json", "{}")))
    if record.epochs:
        derive_tolerance(record.epochs[-1], [], record.image_counts)


def test_a_sound_record_is_read() -> None:
    assert set(SOUND) <= {*PARTS, *FILES}
    use(read(SOUND))


@pytest.mark.parametrize(("name", "text"), HOSTILE)
def test_a_damaged_or_edited_part_is_named(name: str, text: str) -> None:
    with pytest.raises(UserError) as error:
        read({**SOUND, name: text})
    said = str(error.value)
    part = name.partition(".")[0]
    assert "was edited or is damaged: " in said and part in said
    assert "\n" not in said and len(said) < 600


def test_the_place_in_a_part_is_named() -> None:
    with pytest.raises(UserError, match="config: modules: must be a list"):
        read({**SOUND, "config.yaml": "epochs: 1\nmodules: 5"})


@pytest.mark.parametrize("name", [each for each in SOUND if each != "overrides.txt"])
def test_a_part_that_was_cut_short_is_named(name: str) -> None:
    text = SOUND[name]
    for length in range(0, len(text), max(1, len(text) // 7)):
        said = refusal(lambda length=length: read({**SOUND, name: text[:length]}))
        assert not said or "was edited or is damaged: " in said


def refusal(action: Callable[[], Record]) -> str:
    """Why a record is refused; empty where it is read, and can be used."""
    try:
        use(action())
    except UserError as error:
        return str(error)
    return ""
