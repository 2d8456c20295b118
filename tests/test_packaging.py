"""What an installed package holds: the groups, the images and the licence, in any folder."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml

from hhexp import __version__

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built with what is installed and no network."""
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-build-isolation", "--wheel-dir", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source package, built as the wheel is."""
    folder = tmp_path_factory.mktemp("sdist")
    run("hatchling", "build", "--target", "sdist", "--directory", folder, cwd=ROOT)
    (built,) = folder.glob("*.tar.gz")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the wheel is installed in."""
    folder = tmp_path_factory.mktemp("installed")
    pip("install", "--target", folder, wheel)
    return folder


def pip(command: str, *arguments: str | Path) -> None:
    options = ["--quiet", "--no-deps", "--no-index", "--disable-pip-version-check"]
    run("pip", command, *options, *arguments)


def run(module: str, *arguments: str | Path, cwd: Path | None = None) -> str:
    """What a module of this environment prints; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def python(installed: Path, *arguments: str, cwd: Path) -> str:
    """What a Python that finds the installed package before any other prints, from ``cwd``."""
    code = f"import sys; sys.path.insert(0, {str(installed)!r}); {arguments[0]}"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments[1:]],
        capture_output=True,
        text=True,
        check=True,
        cwd=cwd,
    ).stdout


def test_the_wheel_holds_all_that_the_sources_hold(wheel: Path) -> None:
    src = ROOT / "src"
    sources = {
        path.relative_to(src).as_posix()
        for path in (src / "hhexp").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    held = set(zipfile.ZipFile(wheel).namelist())
    assert {"hhexp/conf/config.yaml", "hhexp/data/horses_or_humans.zip"} <= sources
    assert sources - held == set()


def test_the_wheel_holds_the_licence_and_nothing_beside_the_package(wheel: Path) -> None:
    held = zipfile.ZipFile(wheel).namelist()
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in held)
    folders = {name.partition("/")[0] for name in held if ".dist-info/" not in name}
    assert folders == {"hhexp"}


def test_the_source_package_makes_the_same_wheel(sdist: Path, wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "sources", filter="data")
    (sources,) = (tmp_path / "sources").iterdir()
    pip("wheel", "--no-build-isolation", "--wheel-dir", tmp_path, sources)
    (again,) = tmp_path.glob("*.whl")
    first, second = (
        {entry.filename: entry.CRC for entry in zipfile.ZipFile(each).infolist()}
        for each in (wheel, again)
    )
    assert first == second


def test_the_source_package_holds_the_tests_and_what_they_need(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        held = {Path(*Path(name).parts[1:]).as_posix() for name in archive.getnames()}
    assert {"tests/conftest.py", "Makefile", "requirements.lock", "CITATION.cff"} <= held
    assert not any(name.startswith(("mlruns/", ".venv/", "experiments/")) for name in held)


def test_the_index_takes_what_the_packages_say_of_themselves(wheel: Path, sdist: Path) -> None:
    assert run("twine", "check", "--strict", wheel, sdist).count("PASSED") == 2


def test_the_citation_names_the_version_and_the_licence() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert (citation["version"], citation["license"]) == (__version__, "Apache-2.0")


def test_the_installed_package_finds_its_files_from_any_folder(
    installed: Path, tmp_path: Path
) -> None:
    printed = python(
        installed,
        "import hhexp; from importlib.resources import files; print(hhexp.__file__); "
        "print((files('hhexp.conf') / 'config.yaml').is_file()); "
        "print((files('hhexp.data') / 'horses_or_humans.zip').is_file())",
        cwd=tmp_path,
    )
    assert printed.splitlines() == [str(installed / "hhexp/__init__.py"), "True", "True"]


def test_the_installed_package_composes_its_groups_from_any_folder(
    installed: Path, tmp_path: Path
) -> None:
    printed = python(
        installed,
        "from hhexp.run import main; sys.exit(main(sys.argv[1:]))",
        *("aug=full", "epochs=3", "--cfg", "job"),
        cwd=tmp_path,
    )
    assert "epochs: 3" in printed
    assert "rotation_range: 40" in printed
