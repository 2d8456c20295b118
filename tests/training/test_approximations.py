"""A CPU's tables of approximations are told from another's, without TensorFlow."""

import hashlib
import platform

import numpy as np
import pytest

from hhexp.training.approximations import approximate, fingerprint_approximations

x86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="needs an x86 CPU")


@x86
def test_the_cpu_approximates_to_12_bits() -> None:
    x = np.linspace(0.1, 100, 4000, dtype=np.float32)
    root, inverse = approximate(x)
    np.testing.assert_allclose(root, 1 / np.sqrt(x), rtol=1.5 * 2**-12)
    np.testing.assert_allclose(inverse, 1 / x, rtol=1.5 * 2**-12)
    assert (inverse != 1 / x).any()


@x86
def test_the_fingerprint_is_of_what_tensorflow_computes() -> None:
    import tensorflow as tf

    x = ((np.arange(1 << 14, dtype=np.uint32) << 10) + np.uint32(0x3F800200)).view(np.float32)
    made = tf.math.rsqrt(x).numpy().tobytes() + tf.math.reciprocal(x).numpy().tobytes()
    assert fingerprint_approximations() == hashlib.sha256(made).hexdigest()[:12]


def test_without_such_instructions_it_is_the_kind_of_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fingerprint_approximations.cache_clear()
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    assert fingerprint_approximations() == "arm64"
    fingerprint_approximations.cache_clear()
