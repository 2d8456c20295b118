"""The recorded packages are shown, installed by consent alone, and whole or not at all."""

import io
import json
import platform
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path

import pytest
from rich.console import Console

from hhexp.errors import UserError
from hhexp.reproduction import packages, uv
from hhexp.reproduction.record import Record

Make = Callable[..., Record]
RICH = f"rich=={version('rich')}\n"


def trained(
    make_record: Make, listed: str | None, python: str | None = platform.python_version()
) -> Record:
    """A run with these packages on record."""
    texts = {"packages.txt": listed, "machine.json": json.dumps({"python": python})}
    return make_record(files={name: text for name, text in texts.items() if text is not None})


def provide(
    record: Record, consent: bool = True, dry_run: bool = False, code: str = "recorded"
) -> tuple[dict[str, str], str]:
    """The Pythons, and what the person sees."""
    console = Console(file=io.StringIO(), width=200)
    pythons = packages.provide([record], console, code=code, consent=consent, dry_run=dry_run)
    return pythons, str(console.file.getvalue())  # type: ignore[attr-defined]


def test_an_environment_has_the_recorded_packages_and_is_made_once(
    make_record: Make, index: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trained(make_record, "hhexp==0.1.0\nlittle==1.0\nodd-one==2.0.post1\n")
    pythons, said = provide(run)
    (python,) = pythons.values()
    told = "import little; from importlib.metadata import distributions as d; "
    told += "print(little.VALUE, *sorted(each.metadata['Name'] for each in d()))"
    done = subprocess.run([python, "-I", "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1.0", "little", "odd-one"]
    assert "odd-one │ 2.0.post1 │ –" in said
    monkeypatch.setattr(uv, "_find_uv", lambda: "not needed any more")
    assert provide(run, consent=False)[0] == pythons  # it was agreed to when it was made
    (folder,) = (cache / "environments").iterdir()
    (folder / "packages.txt").unlink()
    with pytest.raises(OSError, match="not needed"):  # it counts as half-made
        provide(run)


def test_another_list_or_python_is_another_environment(make_record: Make) -> None:
    one, other = (packages.Environment((pin,), (), "python", "3.11.7") for pin in ("a==1", "a==2"))
    newer = packages.Environment(one.pins, (), "python", "3.11.8")
    assert len({one.folder, other.folder, newer.folder}) == 3


@pytest.mark.parametrize("dry_run", [True, False])
def test_what_cannot_be_installed_is_named_and_nothing_is_made(
    make_record: Make, index: Path, cache: Path, dry_run: bool
) -> None:
    run = trained(make_record, "absent==1.0\nlittle==1.0\nodd-one==9\nzebra==1\n")
    with pytest.raises(UserError, match=r": absent==1\.0, odd-one==9, zebra==1; put files"):
        provide(run, dry_run=dry_run)
    assert not cache.exists()


def test_a_failed_installation_is_one_line_and_leaves_nothing(
    make_record: Make, index: Path, cache: Path
) -> None:
    with pytest.raises(UserError, match=r"cannot install the recorded packages: .*broken") as error:
        provide(trained(make_record, "broken==1.0\nlittle==1.0\n"))
    assert "\n" not in str(error.value)
    assert list((cache / "environments").iterdir()) == []


def test_nothing_is_installed_or_run_without_consent(
    make_record: Make, index: Path, cache: Path
) -> None:
    run = trained(make_record, "evil==1.0\nlittle==1.0\n")
    pythons, said = provide(run, dry_run=True)
    assert pythons == {} and "evil │ 1.0" in " ".join(said.split())
    with pytest.raises(UserError, match="agree with --run-recorded-code"):
        provide(run, consent=False)
    assert not cache.exists() and not (index / "ran").exists()
    provide(run)
    assert (index / "ran").exists()


def test_no_environment_is_made_of_what_is_here(make_record: Make, cache: Path) -> None:
    run = trained(make_record, RICH)
    pythons, said = provide(run, consent=False)
    assert pythons == {run.run_id: sys.executable}
    assert "All recorded packages are here" in said and not cache.exists()


def test_current_code_gets_what_it_needs_beyond_the_record(make_record: Make) -> None:
    run = trained(make_record, "psutil==1.0\nrich==1.0\n")
    recorded = packages.read_environment(run, "recorded")
    assert recorded.pins == ("psutil==1.0", "rich==1.0")
    current = packages.read_environment(run, "current")
    assert f"pydantic=={version('pydantic')}" in current.added
    assert f"pydantic-core=={version('pydantic-core')}" in current.added  # which pydantic needs
    assert {"psutil==1.0", "rich==1.0", *current.added} == set(current.pins)
    assert not {"pytest", "hhexp"} & packages.read_pins(current.pins).keys()
    assert current.differing == {
        "psutil": ("1.0", version("psutil")),
        "rich": ("1.0", version("rich")),
    }


@pytest.mark.parametrize(
    "line",
    [
        "--pre==1.0",
        "-r evil.txt==1",
        "a @ file:///evil==1",
        "../evil==1",
        "little==1.0 --config-setting=x",
        "little==1.*",
        "little==file:///evil",
        "little== 1.0",
        "little==1.0 ; python_version > '3'",
        "little[extra]==1.0",
        "little==1.0\u2028--pre",
        "little==1.0p\u017ft1",
    ],
)
def test_a_line_that_is_no_package_is_refused(make_record: Make, line: str) -> None:
    with pytest.raises(ValueError, match="not a package and its version"):
        packages.read_pins([line])


def test_a_list_with_such_a_line_is_refused_in_one_line(make_record: Make, cache: Path) -> None:
    with pytest.raises(UserError, match=r"^run 00000000: packages\.txt: 'a==b': not a package"):
        provide(trained(make_record, "a==b\n"))


def test_a_record_without_packages_says_what_to_do(make_record: Make) -> None:
    with pytest.raises(UserError, match="not on record, so use --packages current"):
        provide(trained(make_record, None))


def find_pythons(monkeypatch: pytest.MonkeyPatch, known: Mapping[str, str]) -> None:
    def find(asked: str) -> tuple[str, str] | None:
        return (f"python{asked}", known[asked]) if asked in known else None

    monkeypatch.setattr(uv, "find_python", find)


def choose(make_record: Make, recorded: str | None) -> tuple[str, str]:
    environment = packages.read_environment(trained(make_record, RICH, recorded), "recorded")
    return environment.interpreter, environment.version


def test_the_same_python_is_taken_then_one_of_the_same_minor_version(
    make_record: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = platform.python_version()
    minor = here.rpartition(".")[0]
    find_pythons(monkeypatch, {"3.99.1": "3.99.1", "3.98": "3.98.5", f"{minor}.99": f"{minor}.99"})
    assert choose(make_record, here) == (sys.executable, here)
    assert choose(make_record, f"{minor}.99") == (f"python{minor}.99", f"{minor}.99")
    assert choose(make_record, f"{minor}.98") == (sys.executable, here)
    assert choose(make_record, "3.99.1") == ("python3.99.1", "3.99.1")
    assert choose(make_record, "3.98.7rc1") == ("python3.98", "3.98.5")
    with pytest.raises(UserError, match=r"are for Python 3\.97, .*'uv python install 3\.97'"):
        choose(make_record, "3.97.2")


def test_a_python_that_is_an_address_is_never_run(
    make_record: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_pythons(monkeypatch, {})
    assert choose(make_record, "/tmp/evil")[0] == sys.executable
    assert choose(make_record, None)[0] == sys.executable
