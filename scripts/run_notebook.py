"""Run notebooks anew, in their own folders, and keep what they show:

python scripts/run_notebook.py docs/notebooks/flagship.ipynb
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient


def run(file: Path) -> nbformat.NotebookNode:
    """A notebook with the outputs of a new kernel, and without when and with which Python."""
    notebook = nbformat.read(file, as_version=4)
    folder = {"metadata": {"path": str(file.parent)}}
    client = NotebookClient(notebook, timeout=300, record_timing=False, resources=folder)
    executed = client.execute()
    executed.metadata["language_info"] = {"name": "python"}
    return executed


if __name__ == "__main__":
    for name in sys.argv[1:]:
        nbformat.write(run(Path(name)), name)
