"""``UserError``: an error that the user can fix; and any exception as one line."""


class UserError(Exception):
    """Bad input or a missing precondition; the message is one line: what, where and what to do.

    Entry points print the message without a traceback and exit with status 2
    (``HHEXP_DEBUG=1`` shows the traceback).
    """


def one_line(error: BaseException) -> str:
    """An exception as one line, for tags and tables."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    # SQLAlchemy repeats the statement, its values and an address.
    text = " ".join(str(error).partition("[SQL:")[0].split())
    return text if isinstance(error, UserError) else f"{type(error).__name__}: {text}"
