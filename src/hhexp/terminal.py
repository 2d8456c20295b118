"""What commands print: nothing that comes from a file, a store or a name can steer the terminal."""

import sys
from collections.abc import Iterable
from typing import IO, TYPE_CHECKING, Any

from rich.console import Console
from rich.segment import Segment

from hhexp.escape import escape

if TYPE_CHECKING:
    from rich.console import ConsoleOptions, RenderableType
    from rich.text import Text


class Terminal(Console):
    """A console of rich's that takes text as it is: brackets and ``:names:`` mean nothing in it,
    and control characters are shown escaped."""

    def __init__(self, **options: Any) -> None:
        """Take rich's options, but for those that give text a meaning."""
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render_str(self, text: str, **options: Any) -> "Text":
        """A text to be shown, escaped before its width is measured."""
        return super().render_str(escape(text), **options)

    def render(
        self, renderable: "RenderableType", options: "ConsoleOptions | None" = None
    ) -> Iterable[Segment]:
        """What is written, in which only rich's own control characters are left."""
        for segment in super().render(renderable, options):
            safe = segment.control or segment.text.isprintable()
            yield segment if safe else Segment(escape(segment.text), segment.style)


def say(line: str, file: IO[str] | None = None) -> None:
    """Print a line without any layout, its control characters escaped."""
    print(escape(line), file=file or sys.stdout, flush=True)
