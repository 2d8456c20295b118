"""A fingerprint of the tables from which a CPU approximates 1/√x and 1/x.

A run that is not portable comes back on the CPUs that have the same one.
"""

import ctypes
import functools
import hashlib
import mmap
import platform
import sys

import numpy as np

LOOP = bytes.fromhex(
    "0f1007"  # movups xmm0, [rdi]     four numbers x
    "0f52c8"  # rsqrtps xmm1, xmm0
    "0f110e"  # movups [rsi], xmm1     about 1/√x
    "0f53c8"  # rcpps xmm1, xmm0
    "0f110a"  # movups [rdx], xmm1     about 1/x
    "4883c710"  # add rdi, 16
    "4883c610"  # add rsi, 16
    "4883c210"  # add rdx, 16
    "48ffc9"  # dec rcx
    "75e0"  # jnz to the start
    "c3"  # ret
)
"""Machine code: no Python package lets one ask for exactly these instructions."""


@functools.cache
def fingerprint_approximations() -> str:
    """12 hex digits, which are 37cd77f630fd on Intel's CPUs and 4e96edfdcbd4 on AMD's so far.

    They are of what TensorFlow's Rsqrt and Reciprocal give for the float32 numbers from 1 to 4
    whose last 10 bits are 512. Where there are no such instructions: the kind of machine.
    """
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return platform.machine()
    x = ((np.arange(1 << 14, dtype=np.uint32) << 10) + np.uint32(0x3F800200)).view(np.float32)
    root, inverse = approximate(x)
    one, half = np.float32(1), np.float32(0.5)
    # One step of Newton's method, in the order of Eigen's GenericPacketMathFunctions.h.
    root += half * root * (one - x * root * root)
    inverse += inverse * (one - x * inverse)
    return hashlib.sha256(root.tobytes() + inverse.tobytes()).hexdigest()[:12]


def approximate(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The CPU's own approximations of 1/√x and 1/x, for x [N] float32, N a multiple of four."""
    root, inverse = np.empty_like(x), np.empty_like(x)
    with mmap.mmap(
        -1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
    ) as memory:
        memory.write(LOOP)
        start = ctypes.c_char.from_buffer(memory)
        arguments = [*[ctypes.c_void_p] * 3, ctypes.c_size_t]
        call = ctypes.CFUNCTYPE(None, *arguments)(ctypes.addressof(start))
        call(x.ctypes.data, root.ctypes.data, inverse.ctypes.data, len(x) // 4)
        del start  # memory that is looked at cannot be closed
    return root, inverse
