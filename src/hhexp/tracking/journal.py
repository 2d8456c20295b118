"""How a run is logged: at once, or later where its store is away; the training never waits for it.

While a store does not answer, entries wait on disk, and a thread sends them in their order once it
does. What is left when the process ends, the next command on that store sends, or the doctor.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait

from hhexp.errors import one_line
from hhexp.tracking.entries import Entry, send
from hhexp.tracking.leftover import is_taken
from hhexp.tracking.outages import StoreAwayError, give_reason, is_away, name_full_disk
from hhexp.tracking.outbox import Waiting, find_root
from hhexp.tracking.store import Store

ANSWER_S = 5.0
"""How long a server may take for an entry without a file, in seconds."""
BYTES_A_SECOND = 1_000_000
"""How fast it has to take a file."""
LAST_TRY_S = 5
"""How long a process that ends tries to reach a store that is away, in seconds."""
TRIES = 3
"""How often an entry is sent to a store that answers, but not to the entry."""
PAUSE_S = 2.0
"""Between two tries, in seconds."""

Say = Callable[[str], object]


class Journal:
    """Logs what one run has to log, in the order in which it comes."""

    def __init__(self, store: Store, run_id: str) -> None:
        self.store = store
        self.run_id = run_id
        self.say: Say = lambda _: None
        """Hears, in a line for people, that the store went away or came back."""
        self._waiting = Waiting.of(store, run_id)
        self._late: Future[None] | None = None
        """The call that took too long, and goes on."""
        self._then: dict[int, Callable[[], object]] = {}
        self._lock = threading.RLock()
        self._sender: threading.Thread | None = None

    @property
    def is_behind(self) -> bool:
        """Whether something waits on disk."""
        return self._sender is not None

    def write(self, entry: Entry, then: Callable[[], object] = lambda: None) -> None:
        """Log an entry; ``then`` is called when the store has it, maybe from another thread.

        Raises:
            Exception: the store refuses it; or it waits, and the disk takes no more.
        """
        with self._lock:
            if not self.is_behind:
                why = self._try(entry)
                if why is None:
                    then()
                    return
                self._begin_outage(why)
            with name_full_disk(find_root()):
                number = self._waiting.put(entry)
            self._then[number] = then
            if entry.kind == "state":
                self._drop_older_states(number)

    def flush(self, seconds: float) -> None:
        """Give what waits some more time to be sent."""
        if sender := self._sender:
            sender.join(seconds)

    def _try(self, entry: Entry) -> str | None:
        """Send an entry; why it could not be sent, where the store is away."""
        call = _call_beside(lambda: self._send(entry))
        # A file is there, or is in use for as long as SQLite has been told to wait.
        patience = None if self.store.is_sqlite else ANSWER_S + entry.size / BYTES_A_SECOND
        if wait([call], patience).not_done:
            self._late = call
            return f"no answer in {patience:.0f} s"
        try:
            call.result()
        except StoreAwayError as error:
            return str(error)
        return None

    def _send(self, entry: Entry) -> None:
        """Send an entry; a store that answers otherwise may take it at the next try.

        Raises:
            StoreAwayError: the store is away.
            Exception: it refuses the entry.
        """
        for tries_left in range(TRIES - 1, -1, -1):
            try:
                send(self.store, self.run_id, entry)
                return
            except Exception as error:
                if not is_away(error):
                    raise
                if not self.store.answers():
                    raise StoreAwayError(give_reason(error)) from error
                if not tries_left:
                    raise
                time.sleep(PAUSE_S)

    def _begin_outage(self, why: str) -> None:
        with name_full_disk(find_root()):
            self._waiting.create(self.store)
        self._sender = threading.Thread(target=self._send_waiting, daemon=True)
        self._sender.start()
        self.say(
            f"the tracking store {self.store} is away ({why}): training goes on, and what is "
            f"logged waits in {find_root()}"
        )

    def _send_waiting(self) -> None:
        """Send what waits, in its order, until nothing is left."""
        while True:
            with self._waiting.lock() as is_ours:
                while is_ours:
                    if self._send_all():
                        return
                    time.sleep(PAUSE_S)
            time.sleep(PAUSE_S)  # another process is sending

    def _send_all(self) -> bool:
        """Send while the store takes something; False where it is away."""
        try:
            if is_taken(self.store, self.run_id):
                self._end_outage(
                    f"run {self.run_id[:8]} was taken over by another process, which trains what "
                    "waited too: it is not sent"
                )
            while number := self._find_next():
                self._send_first(number)
        except Exception as error:
            if is_away(error):
                return False
            self._waiting.refuse(one_line(error))
            self.say(
                f"run {self.run_id[:8]}: the tracking store refuses what waits in "
                f"{self._waiting.folder}: {one_line(error)}"
            )
        return True

    def _find_next(self) -> int | None:
        """The first entry that waits; where nothing is left, the outage has ended."""
        with self._lock:
            if numbers := self._waiting.numbers:
                return numbers[0]
            if self.is_behind:
                self._end_outage(
                    f"the tracking store {self.store} is back, and has all that waited"
                )
            return None

    def _end_outage(self, said: str) -> None:
        with self._lock:
            self._waiting.remove()
            self._then.clear()
            self._sender = None
        self.say(said)

    def _send_first(self, number: int) -> None:
        late, self._late = self._late, None
        if late is None or late.exception() is not None:
            self._send(self._waiting.get(number))
        with self._lock:
            self._waiting.drop(number)
            then = self._then.pop(number, None)
        if then:
            then()

    def _drop_older_states(self, newest: int) -> None:
        """Of the states that wait, only the newest is needed, and those that stay."""
        for number in self._waiting.numbers[1:]:  # the first may be on its way
            entry = self._waiting.get(number)
            if number < newest and entry.kind == "state" and not entry.values["stays"]:
                self._waiting.drop(number)
                self._then.pop(number, None)


def _call_beside(call: Callable[[], None]) -> "Future[None]":
    """Call a function in a thread that ends with the process, whatever it is doing."""
    future: Future[None] = Future()

    def work() -> None:
        try:
            call()
            future.set_result(None)
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    return future


_journals: dict[tuple[Store, str], Journal] = {}
_opening = threading.Lock()


def open_journal(store: Store, run_id: str) -> Journal:
    """The journal of a run, which is one for all of this process."""
    with _opening:
        return _journals.setdefault((store, run_id), Journal(store, run_id))


def close_journal(journal: Journal) -> None:
    """Forget a journal whose run has ended, unless something waits."""
    with _opening:
        if not journal.is_behind:
            _journals.pop((journal.store, journal.run_id), None)


def flush_journals() -> None:
    """Give the journals of this process some time to send what waits, before it ends."""
    deadline = time.monotonic() + LAST_TRY_S
    for journal in list(_journals.values()):
        journal.flush(max(0.0, deadline - time.monotonic()))
