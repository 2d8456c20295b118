"""A person's consent to what comes from a record, and not from them."""

import sys

from hhexp.errors import UserError
from hhexp.terminal import Terminal


def ask_consent(action: str, given: bool, console: Terminal) -> None:
    """Have the person agree to an action, of which all was shown.

    Args:
        action: what would be done, such as "run code that comes from the store".
        given: whether they have agreed on the command line.
        console: where to ask.

    Raises:
        UserError: they do not agree, or cannot be asked.
    """
    if given:
        return
    if not sys.stdin.isatty():
        raise UserError(
            f"this would {action}; look at it with --dry-run, and agree with --run-recorded-code"
        )
    if console.input(f"This will {action}. Go on? [y/N] ").strip().lower() not in ("y", "yes"):
        raise UserError("nothing was run")
