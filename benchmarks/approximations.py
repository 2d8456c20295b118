"""Which ops and steps of TensorFlow execute approximations that differ from vendor to vendor.

    python -m benchmarks.approximations kernels            the C++ functions that hold one
    python -m benchmarks.approximations ops                the ops that execute one, eagerly
    python -m benchmarks.approximations steps --isa avx2   the steps of one_step.py that do: none

TensorFlow's library is disassembled (objdump, two minutes); ``ops`` and ``steps`` then set a
breakpoint on each such instruction (approximations.c, gcc). From ``kernels`` and ``ops`` the lists
in hhexp/training/exact.py and portability.py were made. Linux on x86-64.
"""

import argparse
import ctypes
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

INSTRUCTIONS = ("rsqrtps", "rsqrtss", "rcpps", "rcpss")
"""With v before them in AVX. vrsqrt14ps and vrcp14ps, of AVX-512, are defined to the bit."""


class Watch:
    """Breakpoints on all approximations in TensorFlow's library."""

    def __init__(self) -> None:
        import tensorflow as tf

        library = Path(tf.__file__).with_name("libtensorflow_cc.so.2")
        maps = Path("/proc/self/maps").read_text().splitlines()
        base = int(next(line for line in maps if library.name in line).split("-")[0], 16)
        sites = [base + address for address, _ in find_sites(library)]
        with tempfile.TemporaryDirectory() as folder:
            built = Path(folder) / "approximations.so"
            source = Path(__file__).with_suffix(".c")
            command = ["gcc", "-O2", "-shared", "-fPIC", "-o", str(built), str(source)]
            subprocess.run(command, check=True)
            self.native = ctypes.CDLL(str(built))
        self.count = len(sites)
        if not self.native.watch((ctypes.c_void_p * self.count)(*sites), self.count):
            raise SystemExit("the pages of TensorFlow's library cannot be written")

    def arm(self) -> None:
        """Watch from here on."""
        self.native.arm()

    def count_met(self) -> int:
        """How many of the instructions were executed since."""
        return sum(self.native.was_met(number) for number in range(self.count))


def find_sites(library: Path) -> Iterator[tuple[int, str]]:
    """The address of each approximation in a library, and the C++ function that holds it."""
    command = ["objdump", "--disassemble", "--no-show-raw-insn", "-j", ".text", str(library)]
    function = ""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as listing:
        assert listing.stdout is not None
        for line in listing.stdout:
            if line.endswith(">:\n"):
                function = line.partition("<")[2][:-3]
            elif any(name in line for name in INSTRUCTIONS):
                address, _, rest = line.partition(":")
                if rest.split(maxsplit=1)[0].removeprefix("v") in INSTRUCTIONS:
                    yield int(address, 16), function


def print_kernels() -> None:
    """Each function with its number of approximations, names as C++ writes them."""
    import tensorflow as tf

    library = Path(tf.__file__).with_name("libtensorflow_cc.so.2")
    found = Counter(function for _, function in find_sites(library))
    names = subprocess.run(
        ["c++filt"], input="\n".join(found), capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for name, number in zip(names, found.values(), strict=True):
        print(number, name)


def print_ops(watch: Watch) -> None:
    """The ops of one or two inputs of one type that execute an approximation.

    A kernel may approximate for some numbers only, and other ops have inputs of other kinds: what
    is not printed here may still be among the kernels.
    """
    import numpy as np
    import tensorflow as tf
    from tensorflow.python.framework import op_def_registry

    numbers = np.random.default_rng(0).uniform(0.1, 0.9, (3, 8, 8, 3))
    for name in sorted(vars(tf.raw_ops)):
        inputs = getattr(op_def_registry.get(name), "input_arg", ())
        plain = all(each.type_attr and not each.number_attr for each in inputs)
        if not 1 <= len(inputs) <= 2 or not plain or len({each.type_attr for each in inputs}) > 1:
            continue
        for dtype in (tf.float64, tf.float32, tf.bfloat16, tf.complex64):
            x = tf.cast(numbers, dtype)
            watch.arm()
            try:
                getattr(tf.raw_ops, name)(**{each.name: x for each in inputs})
            except Exception:  # it has no kernel for that, or needs other arguments
                continue
            if met := watch.count_met():
                print(name, dtype.name, met)


def print_steps(watch: Watch, precision: str) -> None:
    """The trials of one_step.py, and how many approximations each executed."""
    from benchmarks.one_step import list_trials, take_steps

    for trial in list_trials():
        watch.arm()
        take_steps(trial, precision)
        print(watch.count_met(), trial.name, flush=True)


def main() -> None:
    """Look, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["kernels", "ops", "steps"])
    parser.add_argument("--isa", default="native")
    parser.add_argument("--precision", default="float32")
    chosen = parser.parse_args()

    from hhexp.training.runtime import start_tensorflow

    start_tensorflow(device="cpu", threads=2, precision=chosen.precision, isa=chosen.isa)
    if chosen.what == "kernels":
        print_kernels()
    elif chosen.what == "ops":
        print_ops(Watch())
    else:
        print_steps(Watch(), chosen.precision)


if __name__ == "__main__":
    main()
