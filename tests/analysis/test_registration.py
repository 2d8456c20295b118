"""What a study had registered, and what a report says of it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hhexp.analysis.registration import (
    ARTIFACT,
    compute_sha256,
    describe_registration,
    find_registrations,
    register,
)
from hhexp.analysis.results import Result, Results
from hhexp.analysis.study import Study
from hhexp.tracking.query import find_run
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store

CLAIM: dict[str, Any] = {
    "name": "high",
    "text": "High.",
    "statements": [
        {"metric": "val/accuracy", "statistic": "last", "cell": {"aug": "none"}}
        | {"direction": "higher", "level": 0.5}
    ],
}


def study(**changes: Any) -> Study:
    values = {"name": "it's", "title": "T", "question": "Q?", "grid": "aug=none,full"}
    return Study.model_validate({**values, "seeds": [0, 1], "claims": [CLAIM], **changes})


def results(store: Store, asked: Study, *, before: bool = False) -> Results:
    """A run of the study, by default after its registration."""
    run = TrackedRun.start(store, "e", "run")
    run.finish("FINISHED", None)
    stored = find_run(store, run.run_id)
    start = stored.start - timedelta(days=1) if before else stored.start + timedelta(seconds=1)
    result = Result(replace(stored, start=start), {"aug": "none"}, 0, {})
    return Results(store, "", asked, None, asked.cells, [result], [])


def test_a_study_is_registered_once_with_its_hash(store: Store) -> None:
    run = register(store, "e", study())
    (found,) = find_registrations(store, "it's")
    assert (found.run_id, found.answers) == (run.run_id, [])
    text = store.client().download_artifacts(run.run_id, ARTIFACT)
    with open(text, encoding="utf-8") as file:
        assert compute_sha256(file.read()) == found.sha256
    assert register(store, "e", study(title="Another", remarks="R")).run_id == run.run_id
    assert find_registrations(store, "another") == []


def test_a_report_says_that_it_was_registered_before_its_first_run(store: Store) -> None:
    asked = study()
    assert "were not registered" in describe_registration(results(store, asked))[0]
    register(store, "e", asked)
    (said,) = describe_registration(results(store, asked))
    assert said.startswith("Registered on 20")
    assert "before the first run, unchanged since (SHA-256 " in said


def test_of_a_sweep_it_says_so_of_its_runs_alone(store: Store) -> None:
    register(store, "hhexp", study())
    found = results(store, study())
    said = describe_registration(replace(found, sweep=found.all[0].run))
    assert "before the first of these runs, unchanged since" in said[0]


def test_or_after_some_of_its_runs(store: Store) -> None:
    asked = study()
    register(store, "e", asked)
    (said,) = describe_registration(results(store, asked, before=True))
    assert "after 1 of its 1 runs had been started" in said


def test_what_was_changed_is_said_registered_or_not(store: Store) -> None:
    register(store, "e", study())
    changed = study(seeds=[0, 1, 2])
    said = describe_registration(results(store, changed))
    assert said[1] == "Changed since, and not registered: seeds [0, 1] → [0, 1, 2]."
    register(store, "e", changed)
    said = describe_registration(results(store, changed))
    assert said[0].endswith("before the first run.")
    assert said[1].endswith("0 of its 1 runs had been started: seeds [0, 1] → [0, 1, 2].")


def test_a_registration_that_was_edited_is_named(store: Store) -> None:
    run = register(store, "e", study())
    run.log_text("{}\n", ARTIFACT)
    said = describe_registration(results(store, study()))
    assert any("was edited or is damaged" in each for each in said)


@pytest.mark.parametrize("changes", [{"title": "U"}, {"remarks": "R"}, {"views": {"a": "b"}}])
def test_words_may_change(store: Store, changes: dict[str, Any]) -> None:
    register(store, "e", study())
    (said,) = describe_registration(results(store, study(**changes)))
    assert "unchanged since" in said
