"""The needs of this hhexp, and theirs, are known from what is installed."""

from importlib.metadata import PackageNotFoundError, version

import pytest

from hhexp.reproduction import requirements
from hhexp.reproduction.requirements import find_lacking


def test_all_that_hhexp_needs_is_lacking_where_there_is_nothing() -> None:
    found = find_lacking(set())
    direct, indirect = "pydantic", "pydantic-core"
    assert found[direct] == version(direct) and found[indirect] == version(indirect)
    assert not {"hhexp", "pytest", "uv"} & found.keys()  # the extra dev is not needed


def test_what_is_there_is_not_lacking_and_nor_is_what_it_needs() -> None:
    assert find_lacking(find_lacking(set()).keys()) == {}
    without = find_lacking({"pooch"})
    assert "pooch" not in without and "requests" in without


def test_nothing_is_known_of_an_hhexp_that_is_not_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def find(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(requirements, "distribution", find)
    assert find_lacking(set()) == {}
