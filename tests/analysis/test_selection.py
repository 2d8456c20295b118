"""Which runs a study asks a store for."""

from hhexp.analysis.selection import find_shared
from hhexp.analysis.study import Study


def test_a_study_takes_the_defaults_of_what_it_does_not_name() -> None:
    study = Study(
        name="rates", title="Rates", question="Which?", grid="lr=constant,step epochs=2",
        fixed="data.image_size=100 optimizer=adam", seeds=[0],
    )  # fmt: skip
    assert find_shared(study) == {
        "model": "cnn", "aug": "none", "optimizer": "adam", "loss": "cross_entropy",
        "data.image_size": "100",
    }  # fmt: skip


def test_how_runs_are_trained_and_kept_is_no_setting_of_theirs() -> None:
    study = Study(
        name="rates", title="Rates", question="Which?", grid="lr=constant,step model=cnn aug=none",
        fixed="hydra/launcher=inline tracking.experiment=mine state.keep=all optimizer=adam",
        seeds=[0],
    )  # fmt: skip
    assert find_shared(study) == {"optimizer": "adam", "loss": "cross_entropy"}
