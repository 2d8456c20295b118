"""What a person sees of a sweep or a study in MLflow's UI, brought up to date when it ends."""

from collections.abc import Sequence

from hhexp.analysis.caution import say_what_is_open
from hhexp.analysis.cell_curves import log_curves
from hhexp.analysis.claims import ClaimVerdict
from hhexp.analysis.description import METRICS, write_description, write_summary
from hhexp.analysis.report.scope import MANY_RUNS
from hhexp.analysis.results import Results
from hhexp.analysis.selection import select_runs
from hhexp.tracking.notes import describe_experiment, describe_run
from hhexp.tracking.query import find_runs
from hhexp.tracking.store import Store


def show_sweep(store: Store, sweep_id: str, run_ids: Sequence[str]) -> list[str]:
    """Show in MLflow's UI what came of a sweep.

    Args:
        store: where it is.
        sweep_id: its own run.
        run_ids: the runs that answer it.

    Returns:
        what it cannot tell, and what would, in a line each.
    """
    results = select_runs(store, run_ids, METRICS)
    return show_in_mlflow(results, sweep_id)


def show_in_mlflow(
    results: Results, run_id: str, verdicts: Sequence[ClaimVerdict] = ()
) -> list[str]:
    """Give a sweep's or a study's own run the curves of its cells and a description, and describe
    the experiment whose last one it is.

    Nothing is done for more runs than are read in a moment, or without a finished one.

    Args:
        results: its runs.
        run_id: its own run.
        verdicts: on the claims, where they were judged.

    Returns:
        what it cannot tell, and what would, in a line each.
    """
    said = say_what_is_open(results)
    if len(results.all) <= MANY_RUNS and any(map(results.of, results.cells)):
        (run,) = find_runs(results.store, [run_id])
        log_curves(results, run)
        text = write_description(results, run, verdicts, said)
        describe_run(results.store, run, text)
        summary = write_summary(results, run, verdicts)
        describe_experiment(results.store, run.experiment_id, summary)
    return said
