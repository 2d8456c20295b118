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
        (claim(metric="val/acuracy", level=0.5), "no run has val/acuracy; nearest: val/accuracy, "),
        (claim(metric="val/recall/sun", level=0.5), "no run has val/recall/sun; nearest: val/rec"),
        (claim(metric="val_upper_half/loss"), "no run has val_upper_half/loss"),
        (claim(metric="test/accuracy", level=0.5), "no run has test/accuracy; nearest: "),
        (
            claim(metric="val/f1", statistic="gap", level=0.5),
            "val/f1 has no gap (gap between training and validation, mean of the last five "
            "epochs): only val/loss and val/accuracy are measured of the training images too",
        ),
        (
            claim(metric="best/val/accuracy", statistic="best", level=0.5),
            "best/val/accuracy has no best (at the best epoch): it is measured once",
        ),
        (
            claim(metric="val/f1/suns", statistic="mean_last_5", level=0.5),
            "val/f1/suns has no mean_last_5 (mean of the last five epochs): it is measured once, "
            "at the end",
        ),
        (claim(statistic="swing"), "train/loss has no swing (mean absolute change from one epoch "),
    ],
)
def test_what_no_run_would_have_is_refused(shell: Any, asked: dict[str, Any], said: str) -> None:
    file = write_study(shell, claims=[asked])
    done = shell.call("study", "mine")
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    place = file.relative_to(shell.folder)
    assert line.startswith(f"hhexp: {place}: claim learns: aug=none: {said}")
    assert not shell.runs() and not studies(shell)


@pytest.mark.parametrize("words", [(), ("--explain",)])
def test_it_is_refused_where_the_runs_are_there_too(answered: Any, words: tuple[str, ...]) -> None:
    shell, file = answered
    before = file.read_text()
    write_study(shell, claims=[claim(metric="val/acuracy", level=0.5)])
    done = shell.call("study", "mine", *words)
    file.write_text(before)
    assert done.returncode == 2
    assert "study.yaml: claim learns: aug=none" in done.stderr and "val/acuracy" in done.stderr
    assert len(studies(shell)) == 1


@pytest.fixture(scope="module")
def answered(new_shell: Any) -> Any:
    """A folder with an answered study."""
    shell = new_shell()
    file = write_study(shell)
    done = shell.call("study", "mine")
    assert done.returncode == 0, done.stderr
    return shell, file


def test_what_runs_have_is_not_refused(shell: Any) -> None:
    often = ["train/accuracy", "val/loss", "val/recall/suns", "val/f1", "val/brier"]
    once = ["val/f1/suns", "val/roc_auc/moons", "best/val/accuracy"]
    asked = [(metric, "last") for metric in often + once]
    asked += [(metric, "best") for metric in [*often, "val/f1/suns"]]
    asked += [(metric, statistic) for metric in often for statistic in ("mean_last_5", "total")]
    asked += [("val/loss", "gap"), ("val/accuracy", "gap")]
    claims = [
        {**claim(metric=metric, statistic=statistic, level=0.5), "name": f"claim_{number}"}
        for number, (metric, statistic) in enumerate(asked)
    ]
    write_study(shell, claims=claims, seeds=[0, 1])
    done = shell.call("study", "mine")
    assert done.returncode == 0, done.stderr
    assert " has no " not in done.stdout


def test_so_is_one_that_others_are_said_to_have_published(shell: Any) -> None:
    figure = {"cell": {"aug": "none"}, "metric": "val/acuracy", "statistic": "last", "value": 0.5}
    write_study(shell, reference={"source": "Others", "figures": [figure]})
    done = shell.call("study", "mine", "--explain")
    assert done.returncode == 2
    assert (
        "study.yaml: reference: aug=none: no run has val/acuracy; nearest: val/accuracy"
        in done.stderr
    )
