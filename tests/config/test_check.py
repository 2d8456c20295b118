"""A configuration is checked whole, and what is wrong is said in one line."""

import copy
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf

import hhexp.data  # registers the readers
import hhexp.models  # registers the builders
import hhexp.training.learning_rate  # noqa: F401  (registers the schedules)
from hhexp.config.check import check, suggest
from hhexp.config.registry import import_modules, model_builder
from hhexp.errors import UserError


def composed(*overrides: str) -> dict[str, Any]:
    with initialize_config_module("hhexp.conf", version_base="1.3"):
        values = OmegaConf.to_container(compose("config", list(overrides)), resolve=True)
    assert isinstance(values, dict)
    return values  # type: ignore[return-value]


@pytest.fixture(scope="module")
def defaults() -> dict[str, Any]:
    return composed()


def changed(values: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    values = copy.deepcopy(values)
    *path, last = key.split(".")
    node = values
    for part in path:
        node = node[part]
    node[last] = value
    return values


def test_the_defaults_are_the_flagship_study(defaults: dict[str, Any]) -> None:
    config = check(defaults)
    assert config.model.arguments == {"filters": [16, 32, 64, 64, 64], "dense_units": 512}
    assert (config.optimizer.name, config.lr.schedule, config.lr.value) == (
        "rmsprop",
        "constant",
        0.001,
    )
    assert config.data.name == "horses_or_humans"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("epochs", 0, "epochs=0: must be ≥ 1"),
        ("epochs", 1.5, "epochs=1.5: must be a whole number"),
        ("epochs", True, "epochs=true: must be a whole number"),
        ("epochs", None, "epochs=null: must be a whole number"),
        ("batch_size", -1, "batch_size=-1: must be ≥ 1"),
        ("lr.value", "abc", "lr.value=abc: must be a number"),
        ("lr.value", 0, "lr.value=0: must be > 0"),
        ("lr.value", float("inf"), "lr.value=inf: must be a finite number"),
        ("data.views.close_up.box", [2, 0, 1, 1], "data.views.close_up.box.0=2: must be ≤ 1"),
        ("data.views.random_crop.share", 2, "data.views.random_crop.share=2: must be ≤ 1"),
        (
            "data.views.half",
            {},
            "data.views.half={}: give exactly one of box and share",
        ),
        (
            "data.views.half",
            {"box": [0.0, 0.0, 1.0, 1.0], "share": 0.5},
            "data.views.half={'box': [0.0, 0.0, 1.0, 1.0], 'share': 0.5}: give exactly one of box",
        ),
        (
            "data.views.half",
            {"box": [0.5, 0, 0.5, 1]},
            "data.views.half={'box': [0.5, 0, 0.5, 1]}: box must be [top, left, bottom, right]",
        ),
        (
            "data.views.half",
            {"box": [0, 0.6, 1, 0.5]},
            "data.views.half={'box': [0, 0.6, 1, 0.5]}: box must be [top, left, bottom, right]",
        ),
        (
            "lr.schedule",
            "linear",
            "lr.schedule=linear: no such learning-rate schedule; available: constant, step, "
            "cosine, warmup_cosine (if it is your own, name its module: modules=[my_module])",
        ),
        ("optimizer.rho", 1.0, "optimizer.rho=1.0: must be < 1"),
        ("aug.engine", "fast", "aug.engine=fast: must be 'affine', 'image_data_generator' or"),
        ("aug.rotation_range", 200, "aug.rotation_range=200: must be ≤ 180"),
        ("aug.horizontal_flip", 1, "aug.horizontal_flip=1: must be true or false"),
        ("data.image_size", 0, "data.image_size=0: must be ≥ 1"),
        ("model.filters", [8, 0], "model.filters.1=0: must be ≥ 1"),
        ("model.filters", 8, "model.filters=8: must be a list, such as [8]"),
        ("modules", "my_models", "modules=my_models: must be a list, such as [my_models]"),
        ("model.dense_units", "many", "model.dense_units=many: must be a whole number"),
        ("model.builder", "cn", "model.builder=cn: no such model builder; nearest: cnn"),
        ("data.reader", "folders", "data.reader=folders: no such data reader; nearest: folder"),
        ("objective", "loss", "objective=loss: must be train/loss, "),
        ("runtime.threads", 0, "runtime.threads=0: must be ≥ 1"),
        ("seed", -1, "seed=-1: must be ≥ 0"),
        ("seed", 2**32, "seed=4294967296: must be < 4294967296"),
        ("data.name", 1, "data.name=1: must be a string"),
    ],
)
def test_a_wrong_value_is_named_with_what_would_be_right(
    defaults: dict[str, Any], key: str, value: Any, said: str
) -> None:
    with pytest.raises(UserError) as caught:
        check(changed(defaults, key, value))
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


def test_the_last_epoch_with_transforms_must_not_be_before_the_first(
    defaults: dict[str, Any],
) -> None:
    late = changed(defaults, "aug.from", 5)
    with pytest.raises(UserError, match=r"^aug\.until=3: must not be before aug\.from=5$"):
        check(changed(late, "aug.until", 3))
    assert check(changed(late, "aug.until", 5)).aug.until == 5


def test_an_unknown_key_names_the_nearest(defaults: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=r"model\.filter: no such key; nearest: model\.filters"):
        check(changed(defaults, "model.filter", [8]))
    with pytest.raises(UserError, match=r"epoch: no such key; nearest: epochs"):
        check(changed(defaults, "epoch", 3))
    with pytest.raises(UserError, match=r"lr\.valu: no such key; nearest: lr\.value"):
        check(changed(defaults, "lr.valu", 3))
    with pytest.raises(UserError, match=r"lr\.factor: no such key; available: lr\.value"):
        check(changed(defaults, "lr.factor", 0.5))
    with pytest.raises(UserError, match=r"nearest: data\.views\.close_up\.box"):
        check(changed(defaults, "data.views.close_up.boxes", 3))


class Thing:
    """Nothing that pydantic knows."""


@pytest.mark.parametrize("annotation", [Thing, "Thing", "Nope", "'Nope'", "not even Python"])
def test_a_builder_with_a_parameter_that_cannot_be_checked_is_named(
    defaults: dict[str, Any], monkeypatch: pytest.MonkeyPatch, annotation: object
) -> None:
    def odd(input_shape: Any, outputs: int, *, size: int, thing: Any) -> None: ...

    odd.__annotations__["thing"] = annotation
    monkeypatch.setitem(model_builder.functions, "odd", odd)
    with pytest.raises(UserError, match=r"model\.builder=odd: its parameter thing needs a type"):
        check(changed(defaults, "model", {"builder": "odd", "thing": 1}))


def test_a_missing_key_is_named(defaults: dict[str, Any]) -> None:
    del (values := copy.deepcopy(defaults))["model"]["filters"]
    with pytest.raises(UserError, match=r"model\.filters: required but not set"):
        check(values)


def test_every_option_of_every_group_composes_and_checks() -> None:
    from hhexp.config.catalogue import read_catalogue

    required = {
        "folder": ["data.root=somewhere"],
        "server": ["tracking.uri=http://team:5000"],
    }
    tried = 0
    for group, options in read_catalogue().groups.items():
        for option in options:
            assert check(composed(f"{group}={option}", *required.get(option, [])))
            tried += 1
    assert tried >= 20


def test_a_name_is_found_by_its_last_part() -> None:
    assert suggest("rotation_rang", ["aug.rotation_range", "epochs"]) == (
        "; nearest: aug.rotation_range"
    )


def test_where_there_are_no_names_none_is_listed() -> None:
    assert suggest("rotation_rang", []) == ""


def test_a_view_that_is_none_says_what_one_is() -> None:
    with pytest.raises(UserError, match=r"^data\.views\.half=.*: must be keys: box or share"):
        check(composed("+data.views.half=[0,0,0.5,1]"))


def test_a_missing_module_is_named() -> None:
    with pytest.raises(UserError, match=r"modules: cannot import 'no_such_module'"):
        import_modules(["no_such_module"])


def test_a_module_that_ends_the_process_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a_script.py").write_text("raise SystemExit(3)")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UserError, match=r"modules: cannot import 'a_script': SystemExit: 3"):
        import_modules(["a_script"])
