"""What several tests need: drawn images, the command line as a person uses it, an index."""

import inspect
import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import time
import urllib.request
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
from PIL import Image

from hhexp.tracking.query import StoredRun, find_children, find_recent, read_histories
from hhexp.tracking.store import Store
from tests.warm import Forge, starts_alike

TINY = ["model.filters=[8,8]", "model.dense_units=8", "batch_size=8"]
"""A model that trains in no time."""

LEFT_OUT = (
    *("time/", "perf/", "val/precision/", "val/f1/", "val/roc_auc/"),
    *("val/average_precision/", "best/"),
)
FORGE = Forge()
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
HEADLESS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files of most slow tests, so that none is left to one process at the end."""
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: -slow[item.path])


def draw_pictures(root: Path, per_class: int = 10, side: int = 32, seed: int = 0) -> Path:
    """Class folders of discs on noise: bright ones (suns) and dark ones (moons)."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side]
    for split in ("train", "validation"):
        for name, brightness in (("moons", 60), ("suns", 190)):
            (root / split / name).mkdir(parents=True)
            for number in range(per_class):
                pixels = random.integers(80, 160, (side, side, 3))
                centre_y, centre_x = random.uniform(side * 0.3, side * 0.7, 2)
                disc = (y - centre_y) ** 2 + (x - centre_x) ** 2 < (side / 4) ** 2
                pixels[disc] = brightness + random.integers(0, 40)
                image = Image.fromarray(pixels.astype(np.uint8))
                image.save(root / split / name / f"{name}{number:02}.png")
    return root


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of 20 training and 20 validation images of 32 pixels."""
    return draw_pictures(tmp_path_factory.mktemp("pictures"))


@dataclass(frozen=True)
class Shell:
    """A folder in which commands run, with a store of its own."""

    folder: Path
    pictures: Path
    cache: Path
    uri: str | None = None
    """The store that the tests read, where it is not in the folder."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """What the person has set in the environment."""

    @property
    def environment(self) -> dict[str, str]:
        """The person's environment, without what would lead out of the folder."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "HHEXP_"))}
        own = {"HHEXP_CACHE": str(self.cache), "HHEXP_JOURNAL": str(self.folder / "journal")}
        return {**kept, **own, "COLUMNS": "120", **self.variables}

    def command(self, module: str, *words: str) -> list[str]:
        """The words of ``python -m hhexp.MODULE …``."""
        return [sys.executable, "-m", f"hhexp.{module}", *words]

    def call(
        self, module: str, *words: str, said: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run ``python -m hhexp.MODULE …`` to its end; ``said`` is what is typed into it."""
        environment = self.environment
        if starts_alike(environment):
            return FORGE.run(self.command(module, *words)[2:], self.folder, environment, said, 900)
        return subprocess.run(
            self.command(module, *words),
            input=said,
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=900,
        )

    def start(self, output: BinaryIO, module: str, *words: str) -> "subprocess.Popen[bytes]":
        """Start ``python -m hhexp.MODULE …`` as a terminal would, and go on."""
        return subprocess.Popen(
            self.command(module, *words),
            cwd=self.folder,
            env=self.environment,
            stdout=output,
            # A shell's background job ignores Ctrl-C, and so would all that it starts.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def train(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Train a tiny model on the drawn pictures."""
        return self.call("run", *self.tiny(*words))

    def tiny(self, *words: str) -> list[str]:
        """Words that train a tiny model on the drawn pictures."""
        return ["data=folder", f"data.root={self.pictures}", *TINY, *words]

    @property
    def store(self) -> Store:
        """The folder's store, or the one at ``uri``."""
        return Store(self.uri or f"sqlite:///{self.folder}/mlruns/mlflow.db")

    def runs(self) -> list[StoredRun]:
        """The runs that were trained, the oldest first."""
        return find_recent(self.store, 1000)[::-1]

    def metrics(self, run_id: str) -> dict[str, list[float]]:
        """A run's metrics by epoch, without the seconds and what is measured at the end alone."""
        histories = read_histories(self.store, run_id)
        return {k: v for k, v in histories.items() if not k.startswith(LEFT_OUT)}

    def children(self, parent_id: str) -> list[StoredRun]:
        """A sweep's runs."""
        return find_children(self.store, parent_id)

    def artifact(self, run_id: str, path: str) -> Path:
        """A run's artifact, as a file."""
        return Path(self.store.client().download_artifacts(run_id, path))


@pytest.fixture(scope="session", autouse=True)
def _end_forge() -> Iterator[None]:
    """End what commands were forked from."""
    yield
    FORGE.end()


@pytest.fixture(scope="session")
def new_shell(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Shell]:
    """Makes empty folders to run commands in."""
    cache = tmp_path_factory.mktemp("cache")

    def make(uri: str | None = None, **variables: str) -> Shell:
        return Shell(tmp_path_factory.mktemp("shell"), pictures, cache, uri, variables)

    return make


@pytest.fixture
def shell(new_shell: Callable[..., Shell]) -> Shell:
    """An empty folder to run commands in."""
    return new_shell()


@pytest.fixture(scope="session")
def browser() -> list[str]:
    """A browser's command that opens no window and asks nothing of the network."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"no browser found (looked for {', '.join(BROWSERS)})")
    return [found, *HEADLESS]


@pytest.fixture(scope="session")
def made_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database as MLflow makes it."""
    database = tmp_path_factory.mktemp("made") / "mlflow.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", "")
        Store.resolve(f"sqlite:///{database}").prepare()
    return database


@pytest.fixture
def store(made_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A real SQLite store of the test's own, copied from one that is made once."""
    # MLflow writes the variable itself; the fixture takes that back.
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    monkeypatch.setenv("HHEXP_JOURNAL", str(tmp_path / "journal"))
    shutil.copy(made_database, tmp_path / "mlflow.db")
    yield Store.resolve(f"sqlite:///{tmp_path}/mlflow.db")
    import mlflow

    mlflow.set_tracking_uri(None)  # type: ignore[arg-type]


def find_port() -> int:
    """A port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@dataclass
class Server:
    """A real MLflow server with proxied artifacts, which can go away and come back."""

    folder: Path
    words: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    """Where its runs are, for one."""
    port: int = field(default_factory=find_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def store(self) -> Store:
        """The store that it keeps."""
        return Store(self.uri)

    @property
    def artifacts(self) -> Path:
        """Where it stores them."""
        return self.folder / "artifacts"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        words = ["--artifacts-destination", str(self.artifacts), "--port", str(self.port)]
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "HHEXP_"))}
        # It would start ten processes for jobs.
        quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mlflow", "server", *words, *self.words],
                env={**kept, **quiet, **self.variables},
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,  # its workers end with it
            )
        deadline = time.monotonic() + 120
        while not self._answers():
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.2)

    def stop(self) -> None:
        """End it and its workers at once, as a power cut would."""
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.uri}/health", timeout=5).close()
        except OSError:
            return False
        return True


@pytest.fixture
def server(
    made_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Server]:
    """A real MLflow server, with proxied artifacts."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    monkeypatch.setenv("HHEXP_JOURNAL", str(tmp_path / "journal"))
    folder = tmp_path / "server"
    folder.mkdir()
    shutil.copy(made_database, folder / "mlflow.db")
    runs = {"MLFLOW_BACKEND_STORE_URI": f"sqlite:///{folder}/mlflow.db"}
    made = Server(folder, ("--workers", "1"), runs)
    made.start()
    try:
        yield made
    finally:
        made.stop()
        import mlflow

        mlflow.set_tracking_uri(None)  # type: ignore[arg-type]


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all that uv knows, with some packages.

    little and odd-one are as they should be. broken cannot be installed, and evil is a source whose
    building writes the file ``ran``.
    """
    folder = tmp_path / "index"
    folder.mkdir()
    write_wheel(folder, "little", "1.0")
    write_wheel(folder, "odd-one", "2.0.post1")
    write_wheel(folder, "broken", "1.0", record="not a record")
    write_evil_source(folder)
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    return folder


def write_wheel(folder: Path, name: str, version: str, record: str | None = None) -> None:
    """A wheel with one module, which knows its version."""
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    texts = {
        f"{module}.py": f"VALUE = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    listed = "".join(f"{path},,\n" for path in [*texts, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"{module}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in {**texts, f"{info}/RECORD": record or listed}.items():
            wheel.writestr(path, text)


def write_evil_source(folder: Path) -> None:
    """A source distribution that is built by a module of its own, without any other package."""
    backend = f"""\
import zipfile
from pathlib import Path

{inspect.getsource(write_wheel)}

def build_wheel(folder, config_settings=None, metadata_directory=None):
    Path({str(folder / "ran")!r}).touch()
    write_wheel(Path(folder), "evil", "1.0")
    return "evil-1.0-py3-none-any.whl"
"""
    texts = {
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "evil_build"\n'
        'backend-path = ["."]\n',
        "evil_build.py": backend,
        "PKG-INFO": "Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n",
    }
    with tarfile.open(folder / "evil-1.0.tar.gz", "w:gz") as archive:
        for name, text in texts.items():
            entry = tarfile.TarInfo(f"evil-1.0/{name}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
