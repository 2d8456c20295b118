"""What a decorator of an own part takes."""

from typing import Any

import pytest

from hhexp.config.registry import Registry
from hhexp.errors import UserError


@pytest.mark.parametrize("brackets", [("mine",), (), (1, 2)])
def test_a_decorator_with_brackets_says_how_it_is_written(brackets: Any) -> None:
    with pytest.raises(TypeError, match=r"^the decorator of a loss takes nothing in brackets"):
        Registry("loss")(*brackets)


def test_a_function_is_registered_under_its_name_which_no_other_module_may_take() -> None:
    def mine() -> None: ...
    def other() -> None: ...

    losses = Registry("loss")
    assert losses(mine) is mine is losses.functions["mine"]
    other.__name__, other.__module__ = "mine", "elsewhere"
    with pytest.raises(UserError, match=r"which .* has already registered: give it another name"):
        losses(other)
