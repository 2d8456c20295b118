"""Nothing in a record can hide a part of it, or move the cursor."""

from hhexp.escape import escape


def test_control_characters_are_shown_and_all_else_stays() -> None:
    assert escape("a\x1b[2K\r\x9b\u202e") == "a\\x1b[2K\\r\\x9b\\u202e"
    assert escape("é\tü\n[red]") == "é\tü\n[red]"
