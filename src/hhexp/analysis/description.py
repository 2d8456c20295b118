"""What MLflow's UI says of a sweep or a study, in Markdown: the answer, then its numbers."""

import math
from collections.abc import Sequence

from hhexp.analysis.claims import ClaimVerdict
from hhexp.analysis.grid import Cell, label
from hhexp.analysis.markdown import show
from hhexp.analysis.results import Result, Results
from hhexp.analysis.statistics import Interval, mean_interval
from hhexp.tracking import pages
from hhexp.tracking.notes import LENGTH
from hhexp.tracking.query import StoredRun
from hhexp.tracking.views import locate_comparison

COLUMNS = {
    "validation accuracy, %": ("val/accuracy", "last"),
    "at the best epoch, %": ("val/accuracy", "best"),
    "validation loss": ("val/loss", "last"),
    "training accuracy, %": ("train/accuracy", "last"),
}
"""What the table says of each cell."""
METRICS = tuple(dict.fromkeys(metric for metric, _ in COLUMNS.values()))
NAMED = 4
"""Cells, or claims, that the headline names."""
REPORT = "report.html"


def write_headline(results: Results, verdicts: Sequence[ClaimVerdict] = ()) -> str:
    """The answer in one line: the verdicts on the primary claims, else the cells' accuracies."""
    if verdicts:
        asked = [each for each in verdicts if each.is_primary]
        said = [f"{show(each.claim.text)} **{each.word}**" for each in asked[:NAMED]]
        rest = f"; and {len(asked) - NAMED} more" if len(asked) > NAMED else ""
        return f"{'; '.join(said)}{rest}"
    cells = [cell for cell in results.cells if results.of(cell)]
    means = {label(cell): _measure(results, cell, "val/accuracy", "last") for cell in cells}
    if len(means) > NAMED:
        means = dict(sorted(means.items(), key=lambda each: -_sort_number(each[1].mean)))
    said = [f"{show(name)} **{_format(mean, 'val/accuracy')} %**" for name, mean in means.items()]
    best = f", the best of {len(means)} cells" if len(means) > NAMED else ""
    return f"Validation accuracy after the last epoch{best}: {' · '.join(said[:NAMED])}"


def write_description(
    results: Results,
    run: StoredRun,
    verdicts: Sequence[ClaimVerdict] = (),
    remarks: Sequence[str] = (),
    *,
    has_report: bool = False,
) -> str:
    """The description of a sweep's or a study's own run, as long as a tag can hold.

    Args:
        results: its runs.
        run: itself.
        verdicts: on the claims, where they were judged.
        remarks: what a reader has to know.
        has_report: whether a report is among the run's artifacts.
    """
    # MLflow folds a long description, and what lies below the first line can't be clicked then.
    parts = [_write_links(results, run, has_report)]
    if results.study:
        parts.append(f"**{show(results.study.question)}**")
    parts.append(write_headline(results, verdicts))
    parts += [_tabulate_claims(verdicts)] if verdicts else []
    end = "\n".join(show(each) for each in remarks)
    room = LENGTH - sum(len(part) + 2 for part in [*parts, end])
    return "\n\n".join(filter(None, [*parts, _tabulate_cells(results, run, room), end]))


def write_summary(results: Results, run: StoredRun, verdicts: Sequence[ClaimVerdict] = ()) -> str:
    """The description of the experiment whose last sweep or study this is."""
    first = f"Last {run.kind}: {write_headline(results, verdicts)}"
    links = f"[{show(run.name)}]({pages.locate_run(run)})"
    links += f" · {_write_links(results, run, has_report=False)}"
    table = _tabulate_cells(results, run, LENGTH - len(first) - len(links) - 4)
    return "\n\n".join(filter(None, [first, links, table]))


def _write_links(results: Results, run: StoredRun, has_report: bool) -> str:
    """Links to what else there is of a sweep or a study."""
    report = f"report: `python -m hhexp.report {run.run_id[:8]}`"
    if has_report:
        report = f"[report]({pages.locate_run(run, f'artifacts/{REPORT}')})"
    curves = pages.locate_run(run, "model-metrics")
    compared = locate_comparison(results.store, run)
    links = f"[learning curves of the cells]({curves}) · [all runs side by side]({compared})"
    return f"{links} · {report}"


def _tabulate_claims(verdicts: Sequence[ClaimVerdict]) -> str:
    lines = ["| claim | verdict |", "| --- | --- |"]
    lines += [f"| {show(each.claim.text)} | {show(str(each))} |" for each in verdicts]
    return "\n".join(lines)


def _tabulate_cells(results: Results, run: StoredRun, room: int) -> str:
    """The table of the cells, as many as there is room for, in letters; with links to the runs
    where there is room for all."""
    cells = [cell for cell in results.cells if results.of(cell)]
    for linked in (True, False):
        lines = ["| cell | seeds |", "| --- | --- |"]
        for heading in COLUMNS:
            lines[0] += f" {heading} |"
            lines[1] += " --- |"
        lines += [_write_row(results, cell, linked) for cell in cells]
        if len("\n".join(lines)) <= room:
            return "\n".join(lines)
    rest = f"\n\nThe others are in [summary.md]({pages.locate_run(run, 'artifacts/summary.md')})."
    while lines and len("\n".join(lines)) + len(rest) > room:
        lines.pop()
    return "\n".join(lines) + rest if len(lines) > 2 else ""


def _write_row(results: Results, cell: Cell, linked: bool) -> str:
    runs = results.of(cell)
    seeds = ", ".join(_link(seed, result) for seed, result in runs.items())
    values = [
        _format(_measure(results, cell, metric, statistic), metric)
        for metric, statistic in COLUMNS.values()
    ]
    return f"| {' | '.join([show(label(cell)), seeds if linked else str(len(runs)), *values])} |"


def _link(seed: int, result: Result) -> str:
    return f"[{seed}]({pages.locate_run(result.run)})"


def _measure(results: Results, cell: Cell, metric: str, statistic: str) -> Interval:
    return mean_interval(list(results.measure_cell(cell, metric, statistic).values()))


def _format(value: Interval, metric: str) -> str:
    """A mean with its 95 % interval, shares in percent."""
    if math.isnan(value.mean):
        return "–"
    factor, form = 1, ".3f" if abs(value.mean) < 10 else ".4g"
    if metric.endswith("accuracy"):
        factor, form = 100, ".1f"
    half = "" if math.isnan(value.half) else f" ± {factor * value.half:{form}}"
    return f"{factor * value.mean:{form}}{half}"


def _sort_number(value: float) -> float:
    return -math.inf if math.isnan(value) else value
