"""A team's server as docs/server.md has it: PostgreSQL and MLflow, on this machine alone."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import Server, find_port

START_S = 120
"""How long a server may take to start, in seconds."""


def find_postgres() -> Path | None:
    """The folder of PostgreSQL's programs, which Debian does not put on the path."""
    debian = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    newest = max(debian, key=lambda path: int(path.parts[4]), default=None)
    found = newest or shutil.which("postgres")
    return Path(found).resolve().parent if found else None


@dataclass
class Postgres:
    """A database server with a password, of which nothing is left after the tests."""

    programs: Path
    folder: Path
    user: str = "team"
    password: str = field(default_factory=secrets.token_hex)
    port: int = field(default_factory=find_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def owner(self) -> int | None:
        """Whom it runs as: PostgreSQL refuses to be root."""
        return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None

    def make(self) -> None:
        """Make its files."""
        (self.folder / "password").write_text(self.password)
        if self.owner is not None:
            for path in (self.folder, self.folder / "password"):
                os.chown(path, self.owner, -1)
        words = [
            "--auth=scram-sha-256",
            f"--username={self.user}",
            f"--pwfile={self.folder}/password",
        ]
        subprocess.run(
            [self.programs / "initdb", *words, "--no-sync", f"--pgdata={self.folder}/data"],
            user=self.owner,
            cwd="/",
            capture_output=True,
            check=True,
        )

    def start(self) -> None:
        """Start it, and wait until it answers."""
        import psycopg

        options = {"fsync": "off", "unix_socket_directories": "", "port": str(self.port)}
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.folder / "data", *words],
                user=self.owner,
                cwd="/",
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_S
        while True:
            try:
                psycopg.connect(self.address("postgres"), password=self.password).close()
                return
            except psycopg.OperationalError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    pytest.fail((self.folder / "log").read_text())
                time.sleep(0.1)

    def stop(self) -> None:
        """End it as a power cut would."""
        if self.process:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()
            self.process = None

    def address(self, database: str) -> str:
        """The address of one of its databases, without the password."""
        return f"postgresql://{self.user}@127.0.0.1:{self.port}/{database}"

    def make_database(self, name: str) -> str:
        """Make an empty database; its address, without the password."""
        import psycopg

        address = self.address("postgres")
        with psycopg.connect(address, password=self.password, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.address(name).replace("postgresql:", "postgresql+psycopg:")

    def dump(self, database: str) -> str:
        """All that is in a database."""
        return subprocess.run(
            [self.programs / "pg_dump", self.address(database)],
            env={**os.environ, "PGPASSWORD": self.password},
            capture_output=True,
            text=True,
            check=True,
        ).stdout


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL of the tests' own."""
    programs = find_postgres()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian's package postgresql)")
    # The tests' other temporary folders may be read by nobody but the person who runs them.
    with tempfile.TemporaryDirectory(prefix="hhexp-postgres-") as folder:
        database = Postgres(programs, Path(folder))
        database.make()
        database.start()
        try:
            yield database
        finally:
            database.stop()


@pytest.fixture(scope="session")
def serve(
    postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Server]]:
    """Starts MLflow's server on a new database of PostgreSQL's."""
    started = []

    def start(database: str, *words: str, **variables: str) -> Server:
        backend = {
            "MLFLOW_BACKEND_STORE_URI": postgres.make_database(database),
            "PGPASSWORD": postgres.password,
        }
        folder = tmp_path_factory.mktemp(database)
        started.append(Server(folder, words, {**backend, **variables}))
        started[-1].start()
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture(autouse=True)
def no_tracking_uri(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Takes back that reading a store lets MLflow write its address into a variable."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    yield
    import mlflow

    mlflow.set_tracking_uri(None)  # type: ignore[arg-type]
