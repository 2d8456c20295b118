"""What a study asks for is checked before anything is trained."""

from typing import Any

import pytest

from tests.inquiry.test_conduct import LEARNS, studies, write_study


def claim(**changes: Any) -> dict[str, Any]:
    """The claim that it learns, with another statement."""
    return {**LEARNS, "statements": [{**LEARNS["statements"][0], **changes}]}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            claim(metric="val/acuracy", level=0.5),
            "claim learns: runs of aug=none have no val/acuracy; nearest: val/accuracy, ",
        ),
        (claim(metric="val/recall/sun", level=0.5), "have no val/recall/sun; nearest: val/recall"),
        (claim(metric="val_upper_half/acc"), "claim learns: runs of aug=none have no val_upper"),
        (claim(metric="test/accuracy", level=0.5), "runs of aug=none have no test/accuracy"),
        (claim(metric="val/f1", statistic="gap", level=0.5), "have no train/f1"),
    ],
)
@pytest.mark.parametrize("words", [(), ("--explain",)])
def test_a_metric_that_no_run_would_have_is_refused(
    shell: Any, words: tuple[str, ...], asked: dict[str, Any], said: str
) -> None:
    file = write_study(shell, claims=[asked])
    done = shell.call("study", "mine", *words)
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith(f"hhexp: {file.relative_to(shell.folder)}: ") and said in line
    assert not shell.runs() and not studies(shell)


def test_so_is_one_that_others_are_said_to_have_published(shell: Any) -> None:
    figure = {"cell": {"aug": "none"}, "metric": "val/acuracy", "statistic": "last", "value": 0.5}
    write_study(shell, reference={"source": "Others", "figures": [figure]})
    done = shell.call("study", "mine")
    assert done.returncode == 2
    assert "study.yaml: reference: runs of aug=none have no val/acuracy" in done.stderr
