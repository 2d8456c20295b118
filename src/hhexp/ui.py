"""``python -m hhexp.ui``: MLflow's UI on a store, until Ctrl-C."""

import argparse
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from typing import IO

from hhexp.console import entry
from hhexp.errors import UserError
from hhexp.options import add_tracking_uri
from hhexp.tracking import database
from hhexp.tracking.quiet import SETTINGS
from hhexp.tracking.store import Store

PORT = 5000
PORTS_TRIED = 20
START_S = 60
"""How long the server may take to answer, in seconds."""
STOP_S = 10
"""How long it may take to end when asked to, in seconds."""


@entry
def main(argv: list[str] | None = None) -> int:
    """Serve MLflow's UI on the store that the arguments name."""
    parser = argparse.ArgumentParser(
        prog="hhexp.ui", description="Open MLflow's UI on the store of runs, until Ctrl-C."
    )
    add_tracking_uri(parser)
    parser.add_argument("--port", type=int, help=f"default: {PORT}, or the next free one")
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="where to listen; the default is this machine only, 0.0.0.0 is everybody",
    )
    options = parser.parse_args(argv)
    store = Store.resolve(options.tracking_uri)
    if store.is_server:
        print(f"The runs are on a server, which has its own UI: {store}")
        return 0
    if store.is_sqlite:
        database.check(store.database)
    port = free_port(options.host, options.port)
    return serve(store, options.host, port)


def free_port(host: str, asked: int | None) -> int:
    """The port that was asked for, or else the first free one from 5000 on.

    Raises:
        UserError: the port that was asked for, or every one tried, is in use.
    """
    if asked is not None:
        if not 1 <= asked <= 65535:
            raise UserError(f"--port {asked}: a port is a number from 1 to 65535")
        if not is_free(host, asked):
            raise UserError(f"--port {asked} is in use on {host}: choose another")
        return asked
    for port in range(PORT, PORT + PORTS_TRIED):
        if is_free(host, port):
            if port != PORT:
                print(f"Port {PORT} is in use; taking {port}.")
            return port
    raise UserError(f"the ports {PORT} to {PORT + PORTS_TRIED - 1} are in use: give one by --port")


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there.

    Raises:
        UserError: the host is none of this machine's addresses.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError as error:
            raise UserError(f"--port {port} needs more rights than you have") from error
        except socket.gaierror as error:
            raise UserError(f"--host {host}: no such address") from error
        except OSError as error:
            if "assign" in str(error):
                raise UserError(f"--host {host} is not an address of this machine") from error
            return False
    return True


def serve(store: Store, host: str, port: int) -> int:
    """Run the server until it ends or Ctrl-C; the exit status."""
    command = store.ui_command(host, port)
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    print(f"The same without hhexp: {shlex.join(command)}")
    print("Starting the server …", flush=True)
    quiet = {"UVICORN_LOG_LEVEL": "warning", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with tempfile.TemporaryFile() as log:
        # A session of its own: Ctrl-C reaches this process alone, which then ends the server's.
        server = subprocess.Popen(
            [sys.executable, "-m", *command],
            env={**SETTINGS, **quiet, **os.environ},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            wait_until_up(server, "127.0.0.1" if host == "0.0.0.0" else host, port)
            if server.poll() is None:
                print(f"The runs in {store} are at {address} (Ctrl-C to stop)", flush=True)
            server.wait()
        except KeyboardInterrupt:
            print("\nStopped.")
            return 0
        finally:
            stop(server)
        raise UserError(f"the server ended with status {server.returncode}: {last_line(log)}")


def wait_until_up(server: subprocess.Popen[bytes], host: str, port: int) -> None:
    """Return as soon as the server takes connections, or has ended.

    Raises:
        UserError: it did neither in time.
    """
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            return
        try:
            socket.create_connection((host, port), 1).close()
            return
        except OSError:
            time.sleep(0.2)
    raise UserError(f"the server did not start within {START_S} s")


def stop(server: subprocess.Popen[bytes]) -> None:
    """End the server and the processes that it started: asked first, then by force."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an impatient Ctrl-C must leave nothing behind
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(server.pid, number)
            server.wait(STOP_S)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def last_line(log: IO[bytes]) -> str:
    """The last line that a server wrote."""
    log.seek(0)
    lines = log.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


if __name__ == "__main__":
    sys.exit(main())
