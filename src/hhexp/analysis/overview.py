"""What a person sees of a sweep or a study in MLflow's UI, brought up to date when it ends."""

from collections.abc import Sequence

from hhexp.analysis.caution import say_what_is_open
from hhexp.analysis.cell_curves import DRAWN, log_curves
from hhexp.analysis.charts_view import make_view, make_view_of_all
from hhexp.analysis.claims import ClaimVerdict
from hhexp.analysis.description import METRICS, write_description, write_summary
from hhexp.analysis.report.scope import MANY_RUNS
from hhexp.analysis.results import Results
from hhexp.analysis.selection import select_runs
from hhexp.tracking.names import make_names
from hhexp.tracking.notes import describe_experiment, describe_run
from hhexp.tracking.query import find_runs
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import CLAIM_VERDICT
from hhexp.tracking.views import save_view, save_view_of_all


def show_sweep(store: Store, sweep_id: str, run_ids: Sequence[str]) -> list[str]:
    """Show in MLflow's UI what came of a sweep.

    Args:
        store: where it is.
        sweep_id: its own run.
        run_ids: the runs that answer it.

    Returns:
        what it cannot tell, and what would, in a line each.
    """
    results = select_runs(store, run_ids, {*METRICS, *DRAWN})
    return show_in_mlflow(results, sweep_id)


def show_in_mlflow(
    results: Results, run_id: str, verdicts: Sequence[ClaimVerdict] = ()
) -> list[str]:
    """Give a sweep's or a study's own run the curves of its cells and a description, and the
    experiment views of its runs and of all, and a description of its last one.

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
        tag_verdicts(results, run_id, verdicts)
        save_view(results.store, run, make_view(results, run))
        save_view_of_all(results.store, run.experiment_id, make_view_of_all(results))
        text = write_description(results, run, verdicts, said)
        describe_run(results.store, run, text)
        summary = write_summary(results, run, verdicts)
        describe_experiment(results.store, run.experiment_id, summary)
    return said


def tag_verdicts(results: Results, run_id: str, verdicts: Sequence[ClaimVerdict]) -> None:
    """Set the verdicts on a study's claims as tags of the run of the study or sweep, with which
    MLflow's UI filters: ``tags.`hhexp.verdict.on.STUDY.CLAIM` LIKE 'supported%'``."""
    if results.study and verdicts:
        study = results.study.name
        said = {f"{CLAIM_VERDICT}{study}.{each.claim.name}": str(each) for each in verdicts}
        names = make_names(said)
        TrackedRun(results.store, run_id).set_tags({names[tag]: said[tag] for tag in said})
