"""TensorFlow's start is silent unless it fails."""

import os

import pytest

from hhexp.training.runtime import quiet_stderr


def noisy(error: type[BaseException] | None) -> None:
    with quiet_stderr():
        os.write(2, b"oneDNN custom operations are on\n")
        if error:
            raise error


@pytest.mark.parametrize("error", [None, KeyboardInterrupt])
def test_start_up_noise_is_kept_back(
    error: type[BaseException] | None, capfd: pytest.CaptureFixture[str]
) -> None:
    if error:
        with pytest.raises(error):
            noisy(error)
    else:
        noisy(error)
    assert capfd.readouterr().err == ""


def test_what_was_said_before_a_failure_is_shown(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError):
        noisy(RuntimeError)
    assert "oneDNN" in capfd.readouterr().err
