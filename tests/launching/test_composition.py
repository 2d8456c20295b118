"""A sweep's jobs are told apart by what differs, and Hydra's refusals become one line."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_module
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import ConfigCompositionException, HydraException, MissingConfigException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from hhexp.config.catalogue import read_catalogue
from hhexp.errors import UserError
from hhexp.launching.composition import (
    COMPOSITION_ERRORS,
    check_options,
    explain_refusal,
    name_jobs,
)


def test_a_key_is_what_differs() -> None:
    jobs = [["aug=none", "epochs=5", "seed=1"], ["aug=full", "epochs=5", "seed=1"]]
    assert name_jobs(jobs) == ["aug=none", "aug=full"]
    assert name_jobs([["aug=none", "epochs=5"]]) == ["aug=none epochs=5"]
    assert name_jobs([[]]) == ["defaults"]


def test_keys_are_unique() -> None:
    assert name_jobs([["seed=0"], ["seed=0"], ["seed=1"]]) == ["seed=0", "seed=0 (2)", "seed=1"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            ConfigCompositionException("Could not override 'lr.valu'.\nTo append …"),
            "lr.valu: no such key or group; nearest: lr.value, lr.warmup",
        ),
        (
            ConfigCompositionException("Could not override 'lr.final_fraction'.\nTo append …"),
            "lr.final_fraction: this key exists only with lr=cosine or lr=warmup_cosine",
        ),
        (
            ConfigCompositionException("Could not override 'optimizer.lr'.\nTo append …"),
            "optimizer.lr: no such key or group; did you mean lr.value=…?",
        ),
        (
            MissingConfigException(
                "In 'config': Could not find 'lr/cosin'\n\nAvailable options in 'lr':\n"
                "\tconstant\n\tcosine\nConfig search path:\n\tx",
                None,
            ),
            "lr=cosin: no such option; nearest: cosine; available: constant, cosine "
            "(if it is your own, name its module: modules=[my_module])",
        ),
        (ConfigCompositionException("Something\nnew"), "the command line: Something new"),
    ],
)
def test_a_refusal_is_one_line(error: Exception, said: str) -> None:
    assert str(explain_refusal(error, read_catalogue())) == said


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("epochs", "epochs: not of the form key=value"),
        (
            "data.root=/tmp/a (1)",
            "data.root: put quotes around the value: 'data.root=\"/tmp/a (1)\"'",
        ),
        ("data.root=a [1]", "data.root: put quotes around the value: 'data.root=\"a [1]\"'"),
        ("model.filters=[8,8", "model.filters: [8,8 cannot be read: close all brackets and quotes"),
        ("seed=${a", "seed: ${a cannot be read: close all brackets and quotes"),
        ("lr=choice(a", "lr: choice(a cannot be read: close all brackets and quotes"),
    ],
)
def test_a_word_that_hydra_cannot_read_is_mended(word: str, said: str) -> None:
    with pytest.raises(HydraException) as refused:
        OverridesParser.create().parse_overrides([word])
    assert str(explain_refusal(refused.value, read_catalogue())) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("${nope}", "epochs: Interpolation key 'nope' not found"),
        ("${oc.env:NO_SUCH}", "epochs: Environment variable 'NO_SUCH' not found"),
        ("${nope:1}", "epochs: Unsupported interpolation type nope"),
    ],
)
def test_an_interpolation_that_leads_nowhere_is_named_by_its_key(value: str, said: str) -> None:
    with pytest.raises(OmegaConfBaseException) as refused:
        OmegaConf.to_container(OmegaConf.create({"epochs": value}), resolve=True)
    assert str(explain_refusal(refused.value, read_catalogue())) == said


@pytest.mark.parametrize("word", ["lr=null", "lr=True", "lr=constant,false"])
def test_an_option_must_be_a_name(word: str) -> None:
    options = "constant, cosine, step, too_large, too_small, warmup_cosine"
    with pytest.raises(UserError, match=rf"^lr=\S+: no such option; available: {options}$"):
        check_options(["-m", "epochs=1", word], read_catalogue())


@pytest.mark.parametrize("word", ["lr=", "lr=cosine,", "hydra/launcher="])
def test_an_option_must_not_be_empty(word: str) -> None:
    group = word.partition("=")[0]
    with pytest.raises(UserError, match=f"^{group}=: there must be an option after the ="):
        check_options([word], read_catalogue())


@pytest.mark.parametrize(
    ("text", "problem"),
    [("a: 1\na: 2\n", "line 2: found duplicate key a"), ("a: [\n", "line 2: ")],
)
def test_yaml_that_only_hydra_reads_is_refused_in_one_line(
    text: str, problem: str, tmp_path: Path
) -> None:
    (tmp_path / "top.yaml").write_text(text)
    with pytest.raises(COMPOSITION_ERRORS) as error:
        OmegaConf.load(tmp_path / "top.yaml")
    said = str(explain_refusal(error.value, read_catalogue()))
    assert said.startswith(f"{tmp_path}/top.yaml: not valid YAML: {problem}")
    assert "\n" not in said


@pytest.mark.parametrize("word", ["=5", "+=5", "~=", "="])
def test_a_word_without_a_key_is_named(word: str) -> None:
    with pytest.raises(UserError, match="there must be a key before the =, such as epochs=15"):
        check_options([word], read_catalogue())


def test_a_key_that_can_be_added_is_said_how() -> None:
    with (
        initialize_config_module("hhexp.conf", version_base="1.3"),
        pytest.raises(ConfigCompositionException) as refused,
    ):
        compose("config", ["tracking.tags={x: 1}"])
    assert str(explain_refusal(refused.value, read_catalogue())) == (
        "tracking.tags: to add the key x, write +tracking.tags.x=…"
    )
