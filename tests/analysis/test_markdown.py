"""What other people wrote is shown in Markdown as they wrote it, and means nothing."""

import pytest

from hhexp.analysis.markdown import Markdown, as_line, show, show_code


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("*b* `c` a|b ~d~ \\", r"\*b\* \`c\` a\|b \~d\~ \\"),
        ("<b>", "&lt;b>"),
        ("&lt; &#60; R&D", "&amp;lt; &amp;#60; R&D"),
        ("x](http://evil)", r"x\](http://evil)"),
        ("![x][y]", r"![x\][y]"),
        ("_a_ too_small", r"\_a\_ too_small"),
        ("# a", r"\# a"),
        ("> a", r"\> a"),
        ("- a", r"\- a"),
        ("---", r"\---"),
        ("1. a", r"1\. a"),
        ("a\n\n# b\r", "a  # b"),
        ("\x1b[2J", r"\\x1b[2J"),
    ],
)
def test_no_text_has_a_meaning(text: str, written: str) -> None:
    assert show(text) == written


@pytest.mark.parametrize(
    "text", ["aug=full epochs=15", "-0.5", "a.b", "[8,8]", "#1", "1.5 %", "a - b", "98 ± 2"]
)
def test_a_plain_text_stays(text: str) -> None:
    assert show(text) == text


def test_only_a_text_is_changed_and_only_once() -> None:
    assert show(1.5) == 1.5
    assert show(Markdown("*b*")) == "*b*"
    assert show(show("*")) == r"\*"


@pytest.mark.parametrize(
    ("text", "written"),
    [("a b", "`a b`"), ("a`b``c", "```a`b``c```"), ("`", "`` ` ``"), ("a|b\nc", r"`a\|b c`")],
)
def test_code_ends_where_it_should(text: str, written: str) -> None:
    assert show_code(text) == written


def test_a_line_for_a_block_of_code_is_one_line() -> None:
    assert as_line("a\n```\n\x1bb\tc") == "a ``` \\x1bb c"
