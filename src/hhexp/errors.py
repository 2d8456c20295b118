"""The one exception that means: the person can mend this."""


class UserError(Exception):
    """Bad input or a missing precondition, said in one line: what, where and what to do.

    Entry points print the message without a traceback and exit with status 2
    (``HHEXP_DEBUG=1`` shows the traceback).
    """
