"""A record has all that a reproduction needs, or it is refused before anything is trained."""

import json
from collections.abc import Callable

import pytest
import yaml

from hhexp.errors import UserError
from hhexp.reproduction.record import Record, from_texts
from hhexp.training.state import PastEpoch

EPOCH = {"epoch": 1, "metrics": {"val/loss": 0.5}, "weights": "a" * 64}
TEXTS = {
    "config.yaml": "epochs: 1\nmodules: []\n",
    "overrides.txt": "aug=none\nepochs=1\n",
    "epochs.json": json.dumps([EPOCH]),
    "identity.json": '{"seed": 0, "lr.value": 1e-07}',
}


def read(**changes: str) -> Record:
    """The record in ``TEXTS``; a change is ``config="…"``."""
    texts = dict(TEXTS)
    for stem, text in changes.items():
        texts[next((n for n in TEXTS if n.startswith(stem)), f"{stem}.json")] = text
    return from_texts("0" * 32, "a store", "a run", texts)


def test_texts_become_values() -> None:
    record = read(choices='{"aug": "none"}', git='{"modules": ["hhexp"], "commit": "abc"}')
    assert record.config == {"epochs": 1, "modules": []}
    assert record.overrides == ["aug=none", "epochs=1"]
    assert record.choices == {"aug": "none"}
    assert record.identity == {"seed": 0, "lr.value": 1e-07}
    assert record.epochs == [PastEpoch({"val/loss": 0.5}, "a" * 64)]
    assert record.git is not None and record.git.commit == "abc"
    assert record.environment is None
    assert read(overrides="").overrides == []


def test_the_provenance_is_that_of_the_texts() -> None:
    sources = '{"hhexp/ui.py":"aa"}\r\n'
    record = read(environment='{"XLA_FLAGS": "x"}', git='{"modules": []}', sources=sources)
    texts = record.provenance
    assert yaml.safe_load(texts["provenance/config.yaml"]) == record.config
    assert json.loads(texts["provenance/environment.json"]) == {"XLA_FLAGS": "x"}
    assert json.loads(texts["provenance/git.json"])["others"] == []
    assert texts["provenance/sources.json"] == sources
    assert "provenance/git.json" not in read().provenance


def test_a_missing_text_is_named() -> None:
    for name in TEXTS:
        rest = {k: v for k, v in TEXTS.items() if k != name}
        with pytest.raises(UserError, match=f"lacks {name}: "):
            from_texts("0" * 32, "a store", "a run", rest)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"config": "epochs: ["}, "config.yaml: not valid YAML: line 1: "),
        ({"config": "[]"}, "config: must be a mapping"),
        ({"config": "epochs: 2"}, "epochs: there are 1, the configuration says 2"),
        ({"config": "{}"}, "epochs: there are 1, the configuration says None"),
        ({"epochs": "["}, "epochs.json: not valid JSON: "),
        ({"epochs": "{}"}, "epochs: must be a list"),
        ({"epochs": json.dumps([{**EPOCH, "weights": ""}])}, "epochs: epoch 1: weights: must be"),
        ({"identity": "[]"}, "identity: must be a mapping"),
        ({"identity": '{"seed": [0]}'}, "identity: seed: must be a string, a number, "),
        ({"choices": '{"aug": 1}'}, "choices, aug: must be a string"),
        ({"git": '{"modules": 1}'}, "git, modules: must be a list"),
        ({"environment": "[]"}, "environment: must be a mapping"),
        ({"machine": "[]"}, "files: machine.json: must be a mapping"),
    ],
)
def test_an_edited_text_is_refused_in_one_line(changes: dict[str, str], problem: str) -> None:
    with pytest.raises(UserError) as error:
        read(**changes)
    said = str(error.value)
    assert said.startswith(f"run {'0' * 32} in a store was edited or is damaged: {problem}")
    assert "restore it" in said and "\n" not in said


def test_a_record_is_that_of_its_texts(make_record: Callable[..., Record]) -> None:
    whole = make_record(
        overrides=["a=1", ""],
        choices={"aug": "none"},
        git={"modules": ["hhexp"], "note": "é"},
        environment={},
        files={"changes.patch": "+one\r\n+two\n"},
    )
    for record in (make_record(), whole):
        assert from_texts(record.run_id, record.where, record.name, record.texts) == record


@pytest.mark.parametrize(
    "run_id", ["", "../x", "0" * 31, "0" * 31 + "/", "A" * 32, "0" * 32 + "\n"]
)
def test_a_run_id_leads_nowhere(run_id: str, make_record: Callable[..., Record]) -> None:
    with pytest.raises(ValueError, match="must be a run ID"):
        make_record(run_id=run_id)


def test_a_record_does_not_change(make_record: Callable[..., Record]) -> None:
    with pytest.raises(ValueError, match="frozen"):
        make_record().name = "another"
