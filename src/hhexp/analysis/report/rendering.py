"""Templates to pages, in which a text of other people is never taken for markup."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hhexp.analysis.grid import compose_command, label
from hhexp.analysis.markdown import Markdown, as_line, show_code
from hhexp.escape import escape

if TYPE_CHECKING:
    from jinja2 import Environment


def make_environment(options: Mapping[str, Any]) -> "Environment":
    """Jinja's, with options that keep a text of other people from being taken for markup."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from hhexp import __version__

    environment = Environment(
        loader=PackageLoader("hhexp.analysis.report", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        **options,
    )
    environment.filters.update(markdown=Markdown, code=show_code, line=as_line)
    environment.globals.update(label=label, command=compose_command, version=__version__)
    return environment


def show_controls(value: Any) -> Any:
    """A value for the page, control characters escaped; what is HTML already stays."""
    return escape(value) if isinstance(value, str) and not hasattr(value, "__html__") else value
