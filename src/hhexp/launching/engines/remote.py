"""A process on a node of a Ray cluster, behind an actor of Ray's.

It is the process that ``hydra/launcher=processes`` starts, so that a run has the same bits. What it
says waits in the actor until the command asks: no queue is on a node that may be lost.
"""

import contextlib
import os
import signal
import threading
import time
from queue import Empty, SimpleQueue
from typing import Any, Self

import ray
from ray.exceptions import RayError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from hhexp.config.schema import Runtime
from hhexp.display.events import Event, Judge, Question, Report
from hhexp.experiment import Job
from hhexp.launching.engines.nodes import Surroundings
from hhexp.launching.engines.pool import ProcessLost
from hhexp.launching.engines.worker import LAST_WORDS_S, Worker, signal_workers

SHOWN = 300
"""Letters of Ray's reason that a message repeats."""
PAUSE_S = 0.5
"""How long events are gathered before they are sent, in seconds: each sending costs some CPU."""


class RemoteWorker:
    """A process on a node; see ``hhexp.launching.engines.worker``."""

    def __init__(self, node: str, request: dict[str, float]) -> None:
        options = {**request, **place(node), "max_concurrency": 4}
        self._host: Any = ray.remote(Host).options(**options).remote(Surroundings.find())
        self._ready: Any = None
        self._listener: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End the process when it has logged all, and see that all that it said is reported."""
        with contextlib.suppress(RayError):  # it is lost
            ray.get(self._host.leave.remote())
        if self._listener:
            self._listener.join(LAST_WORDS_S)
        ray.kill(self._host)

    def import_ahead(self, runtime: Runtime) -> None:
        """Import what takes long."""
        self._ready = self._host.import_ahead.remote(runtime)

    def listen(self, report: Report, judge: Judge) -> None:
        """Report, from a thread, what happens to its jobs, and answer what these ask."""
        self._listener = threading.Thread(target=self._listen, args=(report, judge), daemon=True)
        self._listener.start()

    def _listen(self, report: Report, judge: Judge) -> None:
        with contextlib.suppress(RayError):  # it is lost
            while said := ray.get(self._host.hear.remote()):
                for each in said:
                    if isinstance(each, Question):
                        self._host.answer.remote(judge(each))
                    else:
                        report(each)

    def train(self, job: Job, parent_id: str | None) -> None:
        """Let it train a job, and wait until it can take another; how a job ended is an event.

        Raises:
            BrokenProcessPool: the process has died.
            ProcessLost: the actor is lost, or its node.
        """
        try:
            ray.get(self._host.train.remote(job, parent_id))
        except RayTaskError:
            raise  # what went wrong in the actor, which may be a BrokenProcessPool
        except RayError as error:
            reason = " ".join(str(error).split())[:SHOWN]
            raise ProcessLost(f"its process was lost: {reason}") from error

    def signal(self, number: signal.Signals) -> None:
        """Stop the process: so that it can mark its run, or by force."""
        waits = self._ready is None or not ray.wait([self._ready], timeout=0)[0]
        if number == signal.SIGKILL or waits:
            ray.kill(self._host)
        else:
            self._host.interrupt.remote()


class Host:
    """The actor on a node: it has the process that trains, and what that has said."""

    def __init__(self, home: Surroundings) -> None:
        home.enter()
        self._said: SimpleQueue[Event | Question | None] = SimpleQueue()
        self._answers: SimpleQueue[str] = SimpleQueue()
        self._worker = Worker(os.environ.get("CUDA_VISIBLE_DEVICES", ""))
        self._worker.detach()  # so that it can mark its run where Ray kills this process
        self._worker.listen(self._said.put, self._ask)

    def import_ahead(self, runtime: Runtime) -> None:
        """Let the process import what takes long."""
        self._worker.import_ahead(runtime)

    def train(self, job: Job, parent_id: str | None) -> None:
        """Let the process train a job."""
        self._worker.train(job, parent_id)

    def _ask(self, question: Question) -> str:
        """Wait for the command's answer."""
        self._said.put(question)
        return self._answers.get()

    def answer(self, answer: str) -> None:
        """Give the process the command's answer."""
        self._answers.put(answer)

    def hear(self) -> list[Event | Question]:
        """What has been said, once there is something; nothing when the process has left."""
        said = [self._said.get()]
        if said[0] is not None:
            time.sleep(PAUSE_S)
        with contextlib.suppress(Empty):
            while True:
                said.append(self._said.get_nowait())
        events = [event for event in said if event is not None]
        if events and None in said:
            self._said.put(None)  # for the next question
        return events

    def interrupt(self) -> None:
        """Send the process Ctrl-C."""
        signal_workers(signal.SIGINT)

    def leave(self) -> None:
        """Let the process log all, and end."""
        with self._worker:
            pass
        self._said.put(None)


def place(node: str) -> dict[str, Any]:
    """Ray's option for what is to be on that node."""
    return {"scheduling_strategy": NodeAffinitySchedulingStrategy(node, soft=False)}
