"""``python -m hhexp.run``: train a run, or with ``-m`` each run of a sweep."""

import os
import shutil
import sys

from hhexp.console import entry


@entry
def main(argv: list[str] | None = None) -> int:
    """Compose the configuration with Hydra, train what it describes, and print the results."""
    words = sys.argv[1:] if argv is None else argv
    # Hydra's parser takes flags before overrides only; people put them anywhere.
    words = sorted(words, key=lambda word: "=" in word and not word.startswith("-"))
    sys.argv = ["hhexp.run", *words]
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors reach us whole, and we say them in one line
    from hhexp.config.catalogue import config_dirs, help_text, read_catalogue

    catalogue = read_catalogue(config_dirs(words))
    if {"-h", "--help"} & set(words):
        print(help_text(catalogue, min(100, shutil.get_terminal_size().columns)))
        return 0
    from hhexp.launching.command import train

    return train(words, catalogue)


if __name__ == "__main__":
    sys.exit(main())
