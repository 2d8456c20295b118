"""Text that other people may have written, made safe for a terminal."""


def escape(text: str) -> str:
    """A text whose control characters, which could hide some of it, are escaped."""
    return "".join(
        letter
        if letter.isprintable() or letter in "\n\t"
        else letter.encode("unicode_escape").decode()
        for letter in text
    )


def escape_line(text: str) -> str:
    """A text as one line: what would end the line is escaped too."""
    return escape(text).replace("\n", "\\n")
