"""Other people's texts are read, or refused in one line that says what is wrong."""

import json

import pytest
from pydantic import ValidationError

from hhexp.reading import describe
from hhexp.reproduction.shapes import Git, check_files


@pytest.mark.parametrize(
    ("git", "problem"),
    [
        ([], "must be a mapping"),
        ({}, "modules: missing"),
        ({"modules": "hhexp"}, "modules: must be a list"),
        ({"modules": [], "commit": 1}, "commit: must be a string"),
        ({"modules": [], "cut": "no"}, "cut: must be true or false"),
        ({"modules": [], "others": [{}]}, "others, 0, modules: missing"),
    ],
)
def test_a_wrong_type_is_named_with_its_place(git: object, problem: str) -> None:
    with pytest.raises(ValidationError) as error:
        Git.model_validate(git)
    assert describe(error.value) == problem


def test_what_a_later_version_adds_to_a_repository_is_kept() -> None:
    git = {"modules": ["hhexp"], "tag": "v1", "others": [{"modules": ["mine"], "tag": "v2"}]}
    kept = Git.model_validate(git).model_dump()
    assert (kept["tag"], kept["others"][0]["tag"]) == ("v1", "v2")


IMAGE = {"path": "train/a/1.png", "bytes": 9, "sha256": "a" * 64}


def test_files_as_a_run_writes_them_pass_unchanged() -> None:
    files = {
        "sources.json": '{"hhexp/ui.py": "aa"}\r\n',
        "packages.txt": "idna==3\nkeras==3.15.0\n",
        "machine.json": json.dumps({"cpu": "One", "cpu_flags": ["avx"], "cores": 2}),
        "data.json": json.dumps({"name": "a", "files": [IMAGE]}),
        "changes.patch": "anything\r\n",
    }
    assert check_files(files) == files


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("sources.json", "[]", "must be a mapping"),
        ("sources.json", '{"a.py": 1}', "a.py: must be a string"),
        ("packages.txt", "idna 3\n", "'idna 3': must be a package and its version"),
        ("machine.json", '{"cpu_flags": 1}', "cpu_flags: must be a list"),
        ("data.json", "{}", "files: missing"),
        ("data.json", json.dumps({"files": [{**IMAGE, "bytes": "9"}]}), "files, 0, bytes: must be"),
        ("data.json", json.dumps({"files": [{**IMAGE, "sha256": "x"}]}), "64 hex digits"),
        ("data.json", "{", "not valid JSON"),
    ],
)
def test_a_file_of_another_shape_is_refused(name: str, text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: ") as error:
        check_files({name: text})
    assert problem in str(error.value)
