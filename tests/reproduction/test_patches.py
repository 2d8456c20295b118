"""Two runs' uncommitted changes: only what differs, and readable."""

from hhexp.reproduction.patches import SHOWN, describe_patches

TITLES = ("aaaaaaaa", "bbbbbbbb")
PATCH = "--- a/step.py\n+++ b/step.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n"


def describe(one: dict[str, str], other: dict[str, str], whole: bool = False) -> list[str]:
    return [text.plain for text in describe_patches(one, other, TITLES, whole=whole)]


def test_equal_changes_are_not_shown() -> None:
    assert describe({}, {}) == []
    assert describe({"changes.patch": PATCH}, {"changes.patch": PATCH}) == []
    assert describe({"packages.txt": "a"}, {"packages.txt": "b"}) == []


def test_a_change_that_only_one_has_is_shown() -> None:
    for one, other, title in (({}, PATCH, "bbbbbbbb"), (PATCH, {}, "aaaaaaaa")):
        files = [{"changes-2.patch": each} if each else {} for each in (one, other)]
        said, shown = describe(*files)  # type: ignore[arg-type]
        assert said == f"Only {title} was trained with uncommitted changes, 5 lines:"
        assert shown == PATCH


def test_two_changes_are_shown_by_how_they_differ() -> None:
    other = PATCH.replace("+x = 2", "+x = 3")
    said, shown = describe({"changes.patch": PATCH}, {"changes.patch": other})
    assert said == "The uncommitted changes differ, from aaaaaaaa (-) to bbbbbbbb (+):"
    assert "-+x = 2\n++x = 3" in shown


def test_line_ends_alone_are_a_difference_and_nothing_reaches_the_terminal_raw() -> None:
    other = PATCH.replace("x = 2\n", "x = 2\r\n").replace("x = 1", "[red]\x1b[2K")
    _, shown = describe({"changes.patch": PATCH}, {"changes.patch": other})
    assert "++x = 2\\r" in shown and "[red]\\x1b[2K" in shown
    assert not set(shown) & set("\r\x1b")


def test_a_long_change_is_cut_unless_all_is_wanted() -> None:
    long = {"changes.patch": "".join(f"+{number}\n" for number in range(100))}
    _, shown = describe({}, long)
    assert shown.endswith(f"+{SHOWN - 1}\n… and {101 - SHOWN} more lines (--all shows them)")
    assert describe({}, long, whole=True)[1] == long["changes.patch"]
