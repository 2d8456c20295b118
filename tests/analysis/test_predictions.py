"""Image by image: who errs where, and what moves between cells."""

from dataclasses import replace
from typing import Any

import pytest

from hhexp.analysis.predictions import (
    Pair,
    choose_pairs,
    compare_models,
    find_fixed_and_broken,
    read_predictions,
    summarise_duels,
    tabulate_duels,
    tabulate_images,
)
from hhexp.analysis.selection import select
from hhexp.errors import UserError

NONE, FULL = {"aug": "none", "epochs": "4"}, {"aug": "full", "epochs": "4"}


@pytest.fixture(scope="module")
def found(synthetic):
    results = select(synthetic.store, str(synthetic.study))
    return results, read_predictions(results)


def test_all_runs_predict_the_same_images(found) -> None:
    _, predictions = found
    assert len(predictions.runs) == 28
    assert predictions.paths[0] == "validation/horses/horses-0.png"
    assert predictions.notes == []


def test_the_share_of_wrong_runs_by_image(found) -> None:
    _, predictions = found
    wrong = predictions.wrong_share(predictions.runs)
    assert wrong[0] == 1
    assert wrong[1] == wrong[8] == 0.5
    assert wrong[2] == pytest.approx(1 / 7)
    assert wrong[3] == 0


def test_what_a_cell_fixes_and_breaks(found) -> None:
    _, predictions = found
    assert find_fixed_and_broken(predictions, Pair(NONE, FULL)) == ([1], [8, 9])


def test_a_duel_for_each_seed(found) -> None:
    _, predictions = found
    fought = compare_models(predictions, Pair(NONE, FULL))
    assert [duel.first.seed for duel in fought] == [0, 1, 2, 3, 4, 5, 6]
    assert {(duel.test.only_first, duel.test.only_second, duel.test.p) for duel in fought} == {
        (2, 1, 1.0)
    }


def test_all_seeds_together_are_tested_by_image_and_corrected_for_the_pairs(found) -> None:
    _, predictions = found
    pairs = [Pair(NONE, FULL), Pair(NONE, {**FULL, "epochs": "8"})]
    fought = [(pair, compare_models(predictions, pair)) for pair in pairs]
    for each in summarise_duels(predictions, fought):
        assert (each.seeds, each.only_first, each.only_second) == (7, 2, 1)
        assert each.p == 1.0  # three images, however many seeds they were seen with


def test_a_study_compares_what_its_claims_on_accuracy_compare(found) -> None:
    assert choose_pairs(found[0]) == [Pair(NONE, FULL)]
    assert Pair(NONE, FULL).words == ("aug=none", "aug=full", "epochs=4")


def test_without_a_study_cells_that_differ_in_one_key_are_compared(synthetic) -> None:
    asked = choose_pairs(select(synthetic.store, synthetic.sweep_id))
    assert [(pair.first["aug"], pair.second["aug"]) for pair in asked] == [
        ("none", "full"), ("none", "full"), ("none", "none"), ("full", "full"),
    ]  # fmt: skip


def test_so_are_they_where_no_claim_is_on_accuracy(found) -> None:
    results, _ = found
    for claims in ([], results.study.claims[:1]):
        study = results.study.model_copy(update={"claims": claims})
        assert Pair(NONE, FULL) in choose_pairs(replace(results, study=study))


def test_tables_of_the_duels_and_of_the_images(found) -> None:
    results, predictions = found
    pair = Pair(NONE, FULL)
    fought = [(pair, compare_models(predictions, pair))]
    row = tabulate_duels(fought, summarise_duels(predictions, fought)).iloc[1]
    assert (row["first"], row["second"], row["seed"]) == (
        "aug=none epochs=4", "aug=full epochs=4", 1,
    )  # fmt: skip
    assert (row["only_first_right"], row["only_second_right"], row["p"]) == (2, 1, 1.0)
    assert row["p_of_all_seeds"] == 1.0
    frame = tabulate_images(predictions, results)
    assert list(frame["wrong of 7: aug=full epochs=4"])[:3] == [7, 0, 1]
    moves = frame["aug=full epochs=4 against aug=none epochs=4"]
    assert list(moves[[0, 1, 8, 9]]) == ["", "fixed", "broken", "broken"]


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "path\n", "path,true,predicted\n", "path,true\na,b\n", "\x1b[2J"),
        *("path,true,predicted\na,b\n", "path,true,predicted\na,x,x\na,x,x\n"),
        'path,true,predicted\n"a',
    ],
)
def test_damaged_predictions_are_named(
    text: str, synthetic: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = select(synthetic.store, synthetic.run_ids["full", 4, 0])
    monkeypatch.setattr("hhexp.analysis.predictions.read_texts", lambda *_: [text])
    with pytest.raises(
        UserError, match=r"^predictions/validation\.csv of run \w+ was edited or is"
    ):
        read_predictions(results)
