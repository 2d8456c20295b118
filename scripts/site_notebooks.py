"""A hook of MkDocs: each notebook in docs/ is a page too, with the outputs it was saved with."""

import re
from base64 import b64decode
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import nbformat
from mkdocs.structure.files import File, Files


def on_files(files: Files, config: Any) -> Files:
    """Add a page, and its figures, for each notebook."""
    for notebook in [file for file in files if file.src_uri.endswith(".ipynb")]:
        uri = PurePosixPath(notebook.src_uri)
        cells = nbformat.reads(notebook.content_string, as_version=4).cells
        parts: list[str] = []
        for part in (part for cell in cells for part in render(cell)):
            if isinstance(part, bytes):
                name = f"{uri.stem}-{len(parts)}.png"
                figure = File.generated(config, str(uri.with_name(name)), content=part)
                files.append(figure)
                parts.append(f"![What the code above draws]({name})")
            else:
                parts.append(part)
        page = "\n\n".join([*parts, f"[This page as a notebook]({uri.name})"])
        files.append(File.generated(config, str(uri.with_suffix(".md")), content=page))
    return files


def render(cell: Any) -> Iterator[str | bytes]:
    """A cell as Markdown, and its figures as PNG files."""
    if cell.cell_type == "markdown":
        yield cell.source
        return
    yield f"```python\n{cell.source}\n```"
    for output in cell.outputs:
        data = output.get("data", {})
        if "image/png" in data:
            yield b64decode(data["image/png"])
        elif "text/html" in data:
            table = re.sub(r"<style.*?</style>", "", data["text/html"], flags=re.DOTALL)
            yield re.sub(r"\n\s*", "", re.sub(r"<table[^>]*>", "<table>", table))
        else:
            yield f"```text\n{data.get('text/plain', output.get('text', '')).rstrip()}\n```"
