"""A sweep's jobs are told apart by what differs, and Hydra's refusals become one line."""

import pytest
from hydra.errors import ConfigCompositionException, MissingConfigException

from hhexp.config.catalogue import read_catalogue
from hhexp.launchers.composition import explain, varying


def test_a_key_is_what_differs() -> None:
    jobs = [["aug=none", "epochs=5", "seed=1"], ["aug=full", "epochs=5", "seed=1"]]
    assert varying(jobs) == ["aug=none", "aug=full"]
    assert varying([["aug=none", "epochs=5"]]) == ["aug=none epochs=5"]
    assert varying([[]]) == ["defaults"]


def test_keys_are_unique() -> None:
    assert varying([["seed=0"], ["seed=0"], ["seed=1"]]) == ["seed=0", "seed=0 (2)", "seed=1"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            ConfigCompositionException("Could not override 'lr.valu'.\nTo append …"),
            "lr.valu: no such key or group; nearest: lr.value",
        ),
        (
            MissingConfigException(
                "In 'config': Could not find 'lr/cosin'\n\nAvailable options in 'lr':\n"
                "\tconstant\n\tcosine\nConfig search path:\n\tx",
                None,
            ),
            "lr=cosin: no such option; nearest: cosine; there are: constant, cosine",
        ),
        (ConfigCompositionException("Something\nnew"), "the command line: Something new"),
    ],
)
def test_a_refusal_is_one_line(error: Exception, said: str) -> None:
    assert str(explain(error, read_catalogue())) == said
