"""``python -m hhexp.ui``: MLflow's UI on a store, until Ctrl-C."""

import argparse
import contextlib
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence

from hhexp.console import entry
from hhexp.errors import UserError
from hhexp.options import add_tracking_uri
from hhexp.tracking import database
from hhexp.tracking.quiet import SETTINGS
from hhexp.tracking.store import Store

PORTS = range(5000, 5020)
# At this level the server prints where it runs once it does.
SERVER = {"UVICORN_LOG_LEVEL": "info", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
STOP_S = 10  # until the server is ended by force


@entry
def main(argv: list[str] | None = None) -> int:
    """Serve MLflow's UI on the store that the arguments name."""
    parser = argparse.ArgumentParser(
        "hhexp.ui", description="Serve MLflow's UI for the runs, until you press Ctrl-C."
    )
    host_help = "address to serve on; default: 127.0.0.1 (this machine only); 0.0.0.0: any machine"
    add_tracking_uri(parser)
    parser.add_argument("--port", type=int, help=f"default: {PORTS[0]}, or the next free one")
    parser.add_argument("--host", default="127.0.0.1", help=host_help)
    options = parser.parse_args(argv)
    store = Store.resolve(options.tracking_uri)
    if store.is_server:
        print(f"The runs are on a server that has its own UI: {store}")
        return 0
    if store.is_sqlite:
        database.check(store.database)
    port = free_port(options.host, PORTS if options.port is None else [options.port])
    return serve(store, options.host, port)


def free_port(host: str, ports: Sequence[int]) -> int:
    """The first port on which a server can listen; a UserError where there is none."""
    if not 1 <= ports[0] <= 65535:
        raise UserError(f"--port {ports[0]}: must be a number from 1 to 65535")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in ports:
        try:
            socket.create_server((host, port), family=family).close()
            return port
        except OSError as error:
            reason = str(error.strerror).partition(" (")[0]
    raise UserError(f"--port {ports[0]} cannot be used on {host}: {reason}")


def serve(store: Store, host: str, port: int) -> int:
    """Run MLflow's server until Ctrl-C; a UserError where it ends by itself."""
    command = store.ui_command(host, port)
    print(
        f"The same command without hhexp: {shlex.join(command)}\nStarting the server …", flush=True
    )
    # A session of its own: Ctrl-C reaches this process alone, which then ends the server's.
    with subprocess.Popen(
        [sys.executable, "-m", *command],
        env={**SETTINGS, **os.environ, **SERVER},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as server:
        assert server.stdout
        last = "it printed nothing"
        try:
            for line in server.stdout:
                last = line.strip() or last
                if "Uvicorn running on" in line:
                    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
                    print(f"The runs in {store} are at {address} (Ctrl-C to stop)", flush=True)
            server.wait()
        except KeyboardInterrupt:
            print("\nStopped.")
            return 0
        finally:
            stop(server)
    raise UserError(f"the server ended with status {server.returncode}: {last}")


def stop(server: "subprocess.Popen[str]") -> None:
    """End the server and the processes that it started: asked first, then by force."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an impatient Ctrl-C must leave nothing behind
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            os.killpg(server.pid, number)
            server.wait(STOP_S)


if __name__ == "__main__":
    sys.exit(main())
