"""Install a requirements file by pip, with one line of progress in place of hundreds of lines.

python scripts/install.py requirements.lock
"""

import re
import subprocess
import sys

WIDTH = 79


def show(text: str) -> None:
    """Write over the line of progress, where there is a terminal to show it."""
    if sys.stdout.isatty():
        print(f"\r{text:{WIDTH}.{WIDTH}}", end="", flush=True)


def install(requirements: str) -> int:
    """Run pip; its errors are shown, and where it fails its last lines. Returns its exit status."""
    with open(requirements, encoding="utf-8") as lines:
        most = sum("==" in line for line in lines)
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check"]
    said: list[str] = []
    seen = 0
    with subprocess.Popen(
        [*command, "--progress-bar=off", "--requirement", requirements],
        stdout=subprocess.PIPE,
        text=True,
    ) as pip:
        assert pip.stdout
        for line in pip.stdout:
            said.append(line)
            if found := re.match(
                r"(Collecting|Ignoring|Requirement already satisfied:) ([\w.-]+)", line
            ):
                seen += 1
                show(f"  {min(seen, most)} of {most}: {found[2]}")
            elif line.startswith("Installing collected packages"):
                show(f"  unpacking {line.count(',') + 1} packages, a minute or two")
    show("")
    show("\r")
    if pip.returncode:
        print("".join(said[-10:]), end="", file=sys.stderr)
    return pip.returncode


if __name__ == "__main__":
    sys.exit(install(sys.argv[1]))
