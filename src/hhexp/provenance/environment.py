"""The environment variables that affect TensorFlow's numbers. No others are ever logged."""

import os

from hhexp.training.runtime import runtime_variables

MEANINGS = {
    "TF_ENABLE_ONEDNN_OPTS": "oneDNN's kernels instead of Eigen's",
    "ONEDNN_MAX_CPU_ISA": "the most that oneDNN's kernels use of the CPU's instructions",
    "DNNL_MAX_CPU_ISA": "the same, its older name",
    "TF_NUM_INTRAOP_THREADS": "threads inside an operation, where the program sets none",
    "TF_NUM_INTEROP_THREADS": "operations at once, where the program sets none",
    "TF_OVERRIDE_GLOBAL_THREADPOOL": "whether a second thread pool may be made",
    "OMP_NUM_THREADS": "threads of OpenMP, in builds of the libraries that use it",
    "OPENBLAS_NUM_THREADS": "threads of NumPy's matrix products",
    "MKL_NUM_THREADS": "the same, in builds with MKL",
    "TF_DETERMINISTIC_OPS": "deterministic kernels, where the program does not ask for them",
    "TF_CUDNN_DETERMINISTIC": "deterministic convolutions on a GPU",
    "TF_DISABLE_SEGMENT_REDUCTION_OP_DETERMINISM_EXCEPTIONS": "sums that are not deterministic",
    "TF_CUDNN_USE_AUTOTUNE": "convolutions on a GPU chosen by timing them",
    "TF_MATMUL_AUTOTUNE_ENABLE": "matrix products on a GPU chosen by timing them",
    "TF_ENABLE_WINOGRAD_NONFUSED": "Winograd convolutions on a GPU",
    "TF_USE_CUBLASLT": "the library of matrix products on a GPU",
    "CUBLAS_WORKSPACE_CONFIG": "deterministic matrix products on a GPU",
    "CUDA_VISIBLE_DEVICES": "which GPU",
    "NPY_DISABLE_CPU_FEATURES": "instructions that NumPy leaves alone",
    "OPENCV_CPU_DISABLE": "instructions that OpenCV leaves alone",
    "OPENCV_IPP": "Intel's library inside OpenCV",
    "GLIBC_TUNABLES": "instructions that the C library's exp and log leave alone",
    "PYTHONHASHSEED": "the order of Python's sets of strings",
    "KERAS_BACKEND": "the library that Keras computes with",
}
"""The variables that are logged where they have a value, and what each decides. Those of
``OVERRULED`` are not among them: a run removes them."""


def read_variables(isa: str) -> dict[str, str]:
    """The variables of ``MEANINGS`` as a run under that ``runtime.isa`` has them."""
    return {
        **{name: os.environ[name] for name in MEANINGS if name in os.environ},
        **runtime_variables(isa),
    }
