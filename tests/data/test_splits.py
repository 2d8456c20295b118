import re
import shlex
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hhexp.config.schema import Data
from hhexp.data import Files, ImageFile, open_dataset
from hhexp.data.folders import folder
from hhexp.data.splits import cut_splits, name_group
from hhexp.errors import UserError
from hhexp.launching.composition import compose_data

Draw = Callable[..., Path]


def asked(**keys: Any) -> Data:
    return Data(name="mine", reader="folder", image_size=None, views={}, **keys)


def cut(files: Files, **keys: Any) -> dict[str, list[str]]:
    """The paths in each split."""
    splits = cut_splits(files, asked(**keys))
    return {name: sorted(image.path for image in images) for name, images in splits.items()}


def named(split: str, counts: dict[str, int], prefix: str = "") -> list[ImageFile]:
    return [
        ImageFile(f"{split}/{label}/{prefix}{number:03}.png", label, lambda: b"")
        for label, count in counts.items()
        for number in range(count)
    ]


def count(paths: list[str]) -> Counter[str]:
    return Counter(path.split("/")[1] for path in paths)


def strip(paths: list[str]) -> set[str]:
    return {path.partition("/")[2] for path in paths}


MIXED = {"cats": 100, "dogs": 50, "eels": 10}


def test_without_a_cut_files_stay_where_they_are(images: Path) -> None:
    files = folder(root=str(images))
    assert cut_splits(files, asked()) == files


def test_validation_and_test_are_cut_from_one_folder_in_shares_of_each_class() -> None:
    splits = cut({"train": named("train", MIXED)}, validation_share=0.2, test_share=0.1)
    assert count(splits["train"]) == {"cats": 70, "dogs": 35, "eels": 7}
    assert count(splits["validation"]) == {"cats": 20, "dogs": 10, "eels": 2}
    assert count(splits["test"]) == {"cats": 10, "dogs": 5, "eels": 1}
    everything = [path for paths in splits.values() for path in strip(paths)]
    assert sorted(everything) == sorted(strip([f.path for f in named("train", MIXED)]))
    assert all(path.startswith(f"{name}/") for name in splits for path in splits[name])


def test_a_test_split_is_cut_from_the_validation_images_where_there_are_some() -> None:
    train, validation = named("train", MIXED), named("validation", {"cats": 8, "dogs": 6})
    validation += named("validation", {"eels": 4})
    splits = cut({"train": train, "validation": validation}, test_share=0.5)
    assert splits["train"] == sorted(image.path for image in train)
    assert count(splits["test"]) == {"cats": 4, "dogs": 3, "eels": 2} == count(splits["validation"])


def test_the_seed_decides_and_the_order_of_the_files_does_not() -> None:
    images = named("train", MIXED)
    one = cut({"train": images}, validation_share=0.2)
    assert cut({"train": images[::-1]}, validation_share=0.2) == one
    other = cut({"train": images}, validation_share=0.2, split_seed=1)
    assert other != one
    assert count(other["validation"]) == count(one["validation"])


def test_a_cut_is_the_same_on_every_machine() -> None:
    splits = cut({"train": named("train", {"x": 5, "y": 5})}, validation_share=0.4)
    assert splits["validation"] == [
        "validation/x/000.png", "validation/x/004.png",
        "validation/y/001.png", "validation/y/004.png",
    ]  # fmt: skip


def test_folds_validate_each_image_once() -> None:
    images = named("train", MIXED)
    folds = [cut({"train": images}, folds=5, fold=fold) for fold in range(5)]
    validated = [path for fold in folds for path in fold["validation"]]
    assert len(validated) == len(set(validated)) == 160
    assert all(count(fold["validation"]) == {"cats": 20, "dogs": 10, "eels": 2} for fold in folds)
    assert all(strip(fold["train"]).isdisjoint(strip(fold["validation"])) for fold in folds)


def test_the_test_split_is_the_same_in_every_fold() -> None:
    images = named("train", MIXED)
    folds = [cut({"train": images}, folds=4, fold=fold, test_share=0.2) for fold in range(4)]
    assert len({tuple(fold["test"]) for fold in folds}) == 1
    assert count(folds[0]["test"]) == {"cats": 20, "dogs": 10, "eels": 2}


def test_folds_take_both_splits_and_keep_files_of_one_name_apart() -> None:
    files = {
        "train": named("train", {"x": 4, "y": 4}),
        "validation": named("validation", {"x": 2, "y": 2}),
    }
    splits = cut(files, folds=3)
    everything = strip(splits["train"]) | strip(splits["validation"])
    assert len(everything) == 12
    assert {"x/train-000.png", "x/validation-000.png", "x/003.png"} <= everything


def test_images_of_a_group_stay_together() -> None:
    images = [
        ImageFile(f"train/{label}/s{subject:02}_{shot}.png", label, lambda: b"")
        for label in ("x", "y")
        for subject in range(20)
        for shot in range(1 + subject % 4)
    ]
    splits = cut({"train": images}, validation_share=0.3, test_share=0.2, group_by=r"s\d+")
    subjects = {
        name: {re.findall(r"s\d+", path)[0] for path in paths} for name, paths in splits.items()
    }
    assert set.union(*subjects.values()) == {f"s{number:02}" for number in range(20)}
    assert sum(map(len, subjects.values())) == 20
    for label in ("x", "y"):
        assert abs(count(splits["validation"])[label] - 15) <= 1
        assert abs(count(splits["test"])[label] - 10) <= 1


def test_the_folders_inside_class_folders_are_groups(tmp_path: Path, draw: Draw) -> None:
    for label in ("x", "y"):
        for subject in "abcd":
            for shot in range(2):
                draw(tmp_path / label / subject / f"{shot}.png")
    splits = cut(folder(root=str(tmp_path)), validation_share=0.5, group_by="folder")
    subjects = {name: {path.split("/")[2] for path in paths} for name, paths in splits.items()}
    assert len(subjects["train"]) == len(subjects["validation"]) == 2
    assert subjects["train"].isdisjoint(subjects["validation"])


def test_folders_inside_class_folders_that_nobody_asked_for_are_refused(
    images: Path, draw: Draw
) -> None:
    draw(images / "train/cats/more/a.png")
    with pytest.raises(UserError, match=r"train/cats/more: a folder too deep.*group_by=folder"):
        cut(folder(root=str(images)))


def test_what_cannot_be_cut_says_why(images: Path) -> None:
    files = folder(root=str(images))
    with pytest.raises(UserError, match="there is a validation split"):
        cut(files, validation_share=0.2)
    with pytest.raises(UserError, match="there is a test split"):
        cut({**files, "test": []}, test_share=0.2)
    with pytest.raises(UserError, match=r"no validation images:.*data\.validation_share=0\.2"):
        cut({"train": files["train"]})
    with pytest.raises(UserError, match=r"class 'x' has too few images to cut 2 parts.*: 1$"):
        cut({"train": named("train", {"x": 1, "y": 9})}, validation_share=0.1)
    with pytest.raises(UserError, match=r"class 'x' has too few images.*: 9, in 1 groups"):
        cut({"train": named("train", {"x": 9})}, validation_share=0.1, group_by="x")
    with pytest.raises(UserError, match=r"finds nothing in cats/cats0\.png"):
        cut(files, test_share=0.5, group_by=r"subject\d+")


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"validation_share": 0.6, "test_share": 0.4}, "must leave images for training"),
        ({"folds": 5, "fold": 5}, "fold=5: must be below folds=5"),
        ({"fold": 1}, "fold=1: must be below folds=null"),
        ({"folds": 5, "validation_share": 0.2}, "only one of folds and validation_share"),
        ({"group_by": "(", "folds": 2}, "a regular expression"),
        ({"group_by": "s.", }, "group_by needs"),
    ],
)  # fmt: skip
def test_keys_that_do_not_go_together_are_refused(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        asked(**keys)


def test_keys_that_do_not_go_together_are_told_without_all_other_keys() -> None:
    words = ["data=folder", "data.root=x", "data.folds=5", "data.fold=5"]
    with pytest.raises(UserError, match=r"^data: fold=5: must be below folds=5$"):
        compose_data(words)


def test_the_documented_word_for_groups_finds_what_it_says() -> None:
    page = Path(__file__).parents[2] / "docs/data.md"
    (written,) = re.findall(r"`('data\.group_by=.*?')`", page.read_text("utf-8"))
    words = ["data=folder", "data.root=x", "data.folds=2", *shlex.split(written)]
    images = [ImageFile(f"train/cats/subject{n}.png", "cats", bytes) for n in (12, 7)]
    assert [name_group(image, compose_data(words).group_by) for image in images] == [
        "subject12",
        "subject7",
    ]


def test_what_is_left_out_moves_no_other_image(tmp_path: Path, draw: Draw) -> None:
    for label in ("cats", "dogs"):
        for number in range(8):
            draw(tmp_path / "pets" / label / f"{label}{number}.png")
    data = asked(root=str(tmp_path / "pets"), validation_share=0.25, test_share=0.25, skip_bad=True)
    without = open_dataset(data)
    for number in range(6):
        (tmp_path / f"pets/cats/bad{number}.png").write_text("no image")
    skipping = open_dataset(data)
    assert len(skipping.skipped) == 6
    assert skipping.counts == without.counts
    assert skipping.fingerprint == without.fingerprint
    assert skipping.test_fingerprint == without.test_fingerprint


def test_a_data_set_of_class_folders_is_cut_and_decoded(tmp_path: Path, draw: Draw) -> None:
    root = tmp_path / "pets"
    for label in ("cats", "dogs"):
        for number in range(5):
            draw(root / label / f"{label}{number}.png")
    data = asked(validation_share=0.2, test_share=0.4, root=str(root))
    dataset = open_dataset(data)
    assert {name: len(split.paths) for name, split in dataset.splits.items()} == {
        "train": 4, "validation": 2, "test": 4,
    }  # fmt: skip
    assert dataset.counts["test"] == {"cats": 2, "dogs": 2}
    assert dataset.test is not None and dataset.test.images.shape == (4, 32, 32, 3)
    assert dataset.test.paths[0].startswith("test/cats/")
    assert dataset.test_fingerprint and dataset.test_fingerprint != dataset.fingerprint
    again = open_dataset(data.model_copy(update={"split_seed": 1}))
    assert again.fingerprint != dataset.fingerprint


def test_a_test_split_beside_the_others_leaves_the_fingerprint_as_it_is(
    images: Path, draw: Draw
) -> None:
    before = open_dataset(asked(root=str(images)))
    draw(images / "test/cats/a.png")
    draw(images / "test/dogs/b.png")
    after = open_dataset(asked(root=str(images)))
    assert before.test is None and after.test is not None
    assert after.test.paths == ("test/cats/a.png", "test/dogs/b.png")
    assert after.fingerprint == before.fingerprint and after.manifest == before.manifest


def test_a_damaged_file_is_named_where_it_lies(tmp_path: Path, draw: Draw) -> None:
    for label in ("cats", "dogs"):
        for number in range(4):
            draw(tmp_path / label / f"{number}.png")
            (tmp_path / label / f"{number}.png").write_bytes(b"GIF89a")
    with pytest.raises(UserError, match=r"train/cats/0\.png: .*train/cats/1\.png"):
        open_dataset(asked(root=str(tmp_path), validation_share=0.5))
