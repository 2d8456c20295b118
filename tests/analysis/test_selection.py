"""Which runs a study takes from a store."""

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
