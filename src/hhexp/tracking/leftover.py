"""What ended processes have left on disk for a store, and who may still send it."""

from hhexp.errors import one_line
from hhexp.tracking.entries import Entry, send
from hhexp.tracking.outages import StoreAwayError, is_away
from hhexp.tracking.outbox import Waiting, list_waiting
from hhexp.tracking.store import Store
from hhexp.tracking.watch import Watch


def send_left(store: Store) -> int:
    """Send what ended processes of this machine have left for a store; the entries that were sent.

    Raises:
        StoreAwayError: it is away, or a living process has not sent all that it has.
    """
    sent = 0
    for waiting in list_waiting(store):
        if waiting.refused is not None:
            continue
        with waiting.lock() as is_ours:
            if not is_ours:
                raise StoreAwayError("another process has not sent all that waits for it")
            sent += _send_left(store, waiting)
    return sent


def is_taken(store: Store, run_id: str) -> bool:
    """Whether another process trains a run, or has finished it, with the same numbers."""
    run = store.client().get_run(run_id)
    return run.info.status == "FINISHED" or bool(
        Watch().find_trainer(run_id, run.info.status, run.data.tags)
    )


def _send_left(store: Store, waiting: Waiting) -> int:
    sent = 0
    try:
        for number in [] if is_taken(store, waiting.run_id) else waiting.numbers:
            send(store, waiting.run_id, _leave_out_known(store, waiting, number))
            waiting.drop(number)
            sent += 1
    except Exception as error:
        if is_away(error):
            raise
        waiting.refuse(one_line(error))
        return sent
    waiting.remove()
    return sent


def _leave_out_known(store: Store, waiting: Waiting, number: int) -> Entry:
    """An entry without the epoch's metrics that another process has logged meanwhile."""
    entry = waiting.get(number)
    if entry.kind != "metrics":
        return entry
    epoch, client = entry.values["epoch"], store.client()
    metrics = {
        name: value
        for name, value in entry.values["metrics"].items()
        if epoch not in {m.step for m in client.get_metric_history(waiting.run_id, name)}
    }
    return Entry(entry.kind, {**entry.values, "metrics": metrics})
