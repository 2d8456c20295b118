"""``python -m hhexp.ui``: MLflow's UI on a store, until Ctrl-C."""

import argparse
import contextlib
import ipaddress
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence

import psutil

from hhexp.console import entry
from hhexp.errors import UserError
from hhexp.options import add_tracking_uri
from hhexp.terminal import say
from hhexp.tracking import database, pages
from hhexp.tracking.query import find_recent, find_runs
from hhexp.tracking.quiet import SETTINGS
from hhexp.tracking.store import Store
from hhexp.tracking.views import locate_all, locate_comparison

PORTS = range(5000, 5020)
# At this level the server prints where it runs once it does.
SERVER = {"UVICORN_LOG_LEVEL": "info", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
STOP_S = 10  # until the server is ended by force
ANYWHERE = ("0.0.0.0", "::")
"""Addresses to serve on that mean all of this machine's."""


@entry
def main(argv: list[str] | None = None) -> int:
    """Serve MLflow's UI on the store that the arguments name."""
    options = build_parser().parse_args(argv)
    store = Store.resolve(options.tracking_uri)
    if store.is_server:
        say(f"The runs are on a server that has its own UI: {store}")
        if server := pages.locate_server(store):
            with contextlib.suppress(UserError):  # who only asks where it is need not be let in
                for link in list_links(store, server):
                    say(link)
        return 0
    if store.is_sqlite:
        database.check(store.database)
    port = free_port(options.host, PORTS if options.port is None else [options.port])
    if not is_loopback(options.host):
        warning = f"warning: everyone who reaches port {port} here can read and change the runs"
        say(f"{warning}; for a server with passwords see docs/server.md", sys.stderr)
    return serve(store, options.host, port)


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = argparse.ArgumentParser(
        "hhexp.ui", description="Serve MLflow's UI for the runs, until you press Ctrl-C."
    )
    host_help = "address to serve on; default: 127.0.0.1 (this machine only); 0.0.0.0: any machine"
    add_tracking_uri(parser)
    parser.add_argument("--port", type=int, help=f"default: {PORTS[0]}, or the next free one")
    parser.add_argument("--host", default="127.0.0.1", help=host_help)
    return parser


def list_links(store: Store, server: str) -> list[str]:
    """Lines that say where on a server a store's runs, its last study and its last sweep are."""
    sweeps = find_recent(store, 1, "sweep")
    shown = sweeps or find_recent(store, 1)
    if not shown:
        return []
    links = [f"All runs: {server}/{locate_all(store, shown[0].experiment_id)}"]
    if shown[0].parent_id:
        (study,) = find_runs(store, [shown[0].parent_id])
        links.append(f"The last study, {study.name}: {server}/{pages.locate_run(study)}")
    kind = "sweep" if sweeps else "run"
    links.append(f"The last {kind}, {shown[0].name}: {server}/{pages.locate_run(shown[0])}")
    if sweeps:
        links.append(f"Its runs compared: {server}/{locate_comparison(store, shown[0])}")
    return links


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server on ``host``."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def name_places(host: str, port: int) -> list[str]:
    """How browsers may call a server on ``host``, such as ``machine:5000``: by every name and
    address of this machine."""
    interfaces = psutil.net_if_addrs().values()
    kinds = (socket.AF_INET, socket.AF_INET6)
    addresses = [each.address for one in interfaces for each in one if each.family in kinds]
    name = socket.gethostname()
    names = [host, "localhost", name, f"{name}.local", socket.getfqdn(), *addresses]
    # An address with a % is one of a single cable, which browsers do not take.
    return [name_place(each, port) for each in dict.fromkeys(names) if "%" not in each]


def name_place(host: str, port: int) -> str:
    """A host and a port as a browser writes them, which leaves HTTP's own out."""
    place = f"[{host}]" if ":" in host else host
    return place if port == 80 else f"{place}:{port}"


def make_command(host: str, port: int) -> list[str]:
    """The words that serve MLflow's UI on the store that MLFLOW_BACKEND_STORE_URI names.

    MLflow answers only to names that it knows, lest a page of another site reach it through a name
    of that site's; without being told it takes none but localhost and private addresses, and lets
    browsers change something only from localhost.
    """
    # One worker is enough for one person, and is up sooner than MLflow's four.
    words = ["mlflow", "ui", "--host", host, "--port", str(port), "--workers", "1"]
    if not is_loopback(host):
        places = name_places(host, port)
        origins = [f"http://{place}" for place in places]
        if "MLFLOW_SERVER_ALLOWED_HOSTS" not in os.environ:
            words += ["--allowed-hosts", ",".join(places)]
        if "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS" not in os.environ:
            words += ["--cors-allowed-origins", ",".join(origins)]
    return words


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
    command = make_command(host, port)
    shown = shlex.join([*command, "--backend-store-uri", str(store)])
    print(f"The same command without hhexp: {shown}\nStarting the server …", flush=True)
    # A session of its own: Ctrl-C reaches this process alone, which then ends the server's.
    with subprocess.Popen(
        [sys.executable, "-m", *command],
        # The address may have a password, which everybody would see in the list of processes.
        env={**SETTINGS, **os.environ, **SERVER, "MLFLOW_BACKEND_STORE_URI": store.uri},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as server:
        assert server.stdout
        last = "it printed nothing"
        place = name_place(socket.gethostname() if host in ANYWHERE else host, port)
        try:
            links = list_links(store, f"http://{place}")  # while the server starts
            for line in server.stdout:
                last = line.strip() or last
                if "Uvicorn running on" in line:
                    say(f"The runs in {store} are at http://{place} (Ctrl-C to stop)")
                    for link in links:
                        say(link)
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
