"""study.yaml: what it may say, and what is said of mistakes."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from hhexp.analysis.study_file import find_study_file, read_study
from hhexp.errors import UserError

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
CLAIM: dict[str, Any] = {
    "name": "lower",
    "text": "Lower.",
    "statements": [
        {
            "metric": "val/loss",
            "statistic": "last",
            "cell": {"aug": "full", "epochs": 4},
            "versus": {"aug": "none", "epochs": 4},
            "direction": "lower",
        }
    ],
}
PLAN = {"first": 5, "most": 20, "look_every": 5}
STUDY: dict[str, Any] = {
    "title": "A study",
    "question": "Why?",
    "grid": "aug=none,full epochs=4,8",
    "seeds": [0, 1],
    "claims": [CLAIM],
}


def written(folder: Path, **changes: Any) -> Path:
    file = folder / "study.yaml"
    file.write_text(yaml.safe_dump({**STUDY, **changes}))
    return file


def statement(**changes: Any) -> list[dict[str, Any]]:
    """The claims with their only statement changed; None takes a key away."""
    changed = {**CLAIM["statements"][0], **changes}
    kept = {key: value for key, value in changed.items() if value is not None}
    return [{**CLAIM, "statements": [kept]}]


@pytest.mark.parametrize(
    "file", sorted(EXPERIMENTS.glob("*/study.yaml")), ids=lambda f: f.parent.name
)
def test_the_studies_of_the_project_are_valid_and_composable(file: Path) -> None:
    from hydra import compose, initialize_config_module

    study = read_study(file)
    assert study.name == file.parent.name
    with initialize_config_module("hhexp.conf", version_base="1.3"):
        for cell in study.cells:
            values = {**cell, **study.shared}
            compose("config", [f"{key}={value}" for key, value in values.items()])


def test_a_study_has_its_cells_and_its_command(tmp_path: Path) -> None:
    study = read_study(written(tmp_path, fixed="data.image_size=100"))
    assert study.name == tmp_path.name
    assert study.cells[1] == {"aug": "none", "epochs": "8"}
    assert study.shared == {"data.image_size": "100"}
    assert study.command == (
        "python -m hhexp.run -m aug=none,full epochs=4,8 seed=0,1 data.image_size=100"
    )
    assert study.cell({"aug": "full", "epochs": 4}) == study.cells[2]


def test_a_study_is_trained_by_its_name_where_a_command_finds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder, command in (("experiments/mine", "mine"), ("my studies/mine", "'my studies/mine'")):
        Path(folder).mkdir(parents=True)
        study = read_study(written(Path(folder), seeds=PLAN))
        assert study.command == f"python -m hhexp.study {command}"


def test_a_plan_says_when_the_study_is_judged(tmp_path: Path) -> None:
    study = read_study(written(tmp_path, seeds={"first": 5, "most": 12, "look_every": 3}))
    assert study.looks == (5, 8, 11, 12)
    assert study.planned == list(range(12))
    assert study.command == f"python -m hhexp.study {tmp_path}"
    study = read_study(written(tmp_path, seeds=[3, 7]))
    assert (study.looks, study.planned) == ((2,), [3, 7])


def test_the_claims_that_are_not_marked_are_secondary_where_one_is(tmp_path: Path) -> None:
    other = {**CLAIM, "name": "other"}
    study = read_study(written(tmp_path, claims=[CLAIM, other]))
    assert [claim.name for claim in study.primary] == ["lower", "other"]
    assert study.secondary == []
    study = read_study(written(tmp_path, claims=[CLAIM, {**other, "primary": True}]))
    assert [claim.name for claim in study.primary] == ["other"]
    assert [claim.name for claim in study.secondary] == ["lower"]


def test_a_study_is_found_by_path_folder_and_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "experiments" / "mine"
    folder.mkdir(parents=True)
    file = written(folder)
    monkeypatch.chdir(tmp_path)
    for named in (str(file), str(folder), "experiments/mine", "mine"):
        found = find_study_file(named)
        assert found is not None and found.resolve() == file
    assert find_study_file("another") is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"claims": statement(direction="up")}, "claim lower: statements.0.direction=up: must be"),
        ({"claims": statement(direction=None)}, "claim lower: statements.0.direction: missing"),
        ({"claims": statement(margn=1)}, "claim lower: statements.0.margn: no such key; nearest"),
        ({"claims": statement(statistic="mean")}, "claim lower: statements.0.statistic=mean"),
        (
            {"claims": statement(metric="accuracy")},
            "claim lower: statements.0.metric: 'accuracy' must be a metric with its split",
        ),
        ({"claims": statement(versus=None)}, "claim lower: statements.0: versus or level"),
        ({"claims": statement(level=0.5)}, "claim lower: statements.0: versus or level"),
        ({"claims": statement(direction="within")}, "claim lower: statements.0: margin: missing"),
        (
            {"claims": statement(direction="within", versus=None, level=0.5)},
            "claim lower: statements.0: level: use higher or lower; within needs versus",
        ),
        ({"claims": statement(margin=-1)}, "claim lower: statements.0.margin=-1"),
        (
            {"claims": statement(cell={"aug": "full", "epochs": 5})},
            "claim lower: statements.0.cell: aug=full epochs=5 matches no cell of the grid",
        ),
        (
            {"claims": statement(versus={"aug": "none"})},
            "claim lower: statements.0.versus: aug=none matches 2 cells of the grid",
        ),
        ({"claims": [CLAIM, CLAIM]}, "claim lower: name: another claim has the same"),
        ({"claims": [{**CLAIM, "name": None}]}, "claim 1: name"),
        ({"grid": "aug"}, "grid: .*aug"),
        ({"seeds": []}, "seeds"),
        ({"seeds": [1, 1]}, "seeds: a seed is there twice"),
        ({"seeds": {"first": 5, "most": 20}}, "seeds.look_every: missing"),
        ({"seeds": {"first": 5, "most": 4, "look_every": 5}}, "seeds: most=4: must be at least"),
        ({"seeds": {"first": 1, "most": 4, "look_every": 5}}, "seeds.first=1: must be"),
        ({"seeds": {**PLAN, "look_evry": 1}}, "seeds.look_evry: no such key; nearest: look_every"),
        ({"seeds": {**PLAN, "most": 20.5}}, "seeds.most=20.5: must be"),
        ({"seeds": "five"}, "seeds=five: must be"),
        ({"claims": [{**CLAIM, "primary": "yes please"}]}, "claim lower: primary=yes please"),
        ({"sedes": [1]}, "sedes: no such key; nearest: seeds"),
        ({"question": None}, "question"),
    ],
)
def test_a_mistake_is_named_in_one_line(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message) as error:
        read_study(written(tmp_path, **changes))
    assert "\n" not in str(error.value)
    assert "study.yaml" in str(error.value)


@pytest.mark.parametrize("text", ["a: [", "- a list", ""])
def test_a_file_that_is_no_study_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(text)
    with pytest.raises(UserError, match=r"study\.yaml: "):
        read_study(file)


def test_a_number_may_have_an_exponent_and_no_point(tmp_path: Path) -> None:
    file = written(tmp_path)
    text = file.read_text().replace("direction: lower", "direction: lower\n    margin: 1e-2")
    file.write_text(text)
    assert read_study(file).claims[0].statements[0].margin == 0.01


def test_a_cell_that_yaml_reads_as_false_is_explained(tmp_path: Path) -> None:
    file = written(tmp_path)
    file.write_text(file.read_text().replace("aug: full", "aug: no"))
    with pytest.raises(UserError, match=r"aug=false.*YAML reads no, .*put quotes around them"):
        read_study(file)


@pytest.mark.parametrize("value", ["2024-01-01", "[a]", "{a: b}"])
def test_a_cell_of_neither_text_nor_number_is_refused_in_few_words(
    value: str, tmp_path: Path
) -> None:
    file = written(tmp_path)
    file.write_text(file.read_text().replace("aug: full", f"aug: {value}"))
    with pytest.raises(UserError, match=r"\.cell\.aug: must be a text or a number; put quotes"):
        read_study(file)


def test_claims_that_are_there_twice_are_named(tmp_path: Path) -> None:
    file = written(tmp_path)
    file.write_text(f"{file.read_text()}claims: []\n")
    with pytest.raises(UserError, match="claims: is there twice"):
        read_study(file)


def test_a_filter_that_is_longer_than_any_path_is_no_study() -> None:
    assert find_study_file("params.aug = 'full' AND " * 300) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"claims": ["lower"]}, "claim 1: must be a valid dictionary"),
        ({"fixed": "lr=constant,step"}, "fixed: lr: has several values, which belong in grid"),
        ({"fixed": "seed=3"}, "fixed: seed: the seeds are given by the key seeds"),
        ({"fixed": "explain=true"}, "fixed: explain: use python -m hhexp.study NAME --explain"),
        ({"fixed": "epochs=4"}, "fixed: epochs is in grid, too"),
        ({"fixed": "lr=constant lr=step"}, "fixed: a key is there twice"),
        ({"grid": "aug=none,full epochs=4 seed=1,2"}, "grid: seed: the seeds are given"),
        ({"grid": "aug=none,full,none epochs=4"}, "grid: aug: a value is there twice"),
        ({"grid": "aug=none,full epochs=4 epochs=8"}, "grid: a key is there twice"),
        ({"seeds": {**PLAN, "most": 1001}}, "seeds.most=1001: must be less than or equal to 1000"),
        (
            {"claims": statement(versus={"epochs": 4, "aug": "full"})},
            "claim lower: statements.0.versus: is the same cell as cell",
        ),
        (
            {
                "claims": statement(
                    minus={
                        key: CLAIM["statements"][0][key]
                        for key in ("metric", "statistic", "cell", "versus")
                    }
                )
            },
            "claim lower: statements.0.minus: is the same difference",
        ),
        (
            {"claims": statement(metric="val/accuracy", versus=None, level=95)},
            "level: 95 is more than any val/accuracy, which is a share: write 0.95 for 95 %",
        ),
        (
            {"claims": statement(metric="val/recall/horses", direction="within", margin=5)},
            "margin: 5 is more than any val/recall/horses, which is a share: write 0.05",
        ),
    ],
)
def test_what_would_train_in_vain_is_refused(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    file = written(tmp_path, **changes)
    with pytest.raises(UserError) as refused:
        read_study(file)
    assert message in str(refused.value)


def test_a_loss_and_a_sum_may_be_above_one(tmp_path: Path) -> None:
    for changes in ({"level": 5.0}, {"metric": "val/accuracy", "statistic": "total", "level": 5.0}):
        read_study(written(tmp_path, claims=statement(versus=None, **changes)))
