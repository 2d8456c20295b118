"""Whether a run's bits depend on the vendor of the CPU, read from the graphs that it will run.

``docs/reproducibility.md`` says how the lists below were made, and ``benchmarks/approximations.py``
finds what belongs in them for another version of TensorFlow.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hhexp.training.exact import REPLACED

if TYPE_CHECKING:
    import keras

MADE_FOR = "2.21.0"
"""The version of TensorFlow whose machine code the lists were made from."""

OTHERS = frozenset(
    {
        *("LRN", "RGBToHSV", "UnaryOpsComposition"),
        *("BatchNormWithGlobalNormalization", "BatchNormWithGlobalNormalizationGrad"),
        *("ApplyAdadelta", "ApplyAdagrad", "ApplyAdagradV2", "ApplyProximalAdagrad"),
        *("ApplyRMSProp", "ApplyCenteredRMSProp"),
    }
)
"""Ops whose kernels for 32 bits and less approximate, and that are not replaced. Those that apply
a gradient are found under ResourceApply…, SparseApply… and ResourceSparseApply… too."""

COMPLEX = frozenset({"Log", "Xlogy", "Xlog1py"})
"""Ops that approximate on complex numbers of 64 bits."""

UNREADABLE = frozenset({"PyFunc", "PyFuncStateless", "EagerPyFunc"})
"""Ops whose computation is in no graph."""


@dataclass(frozen=True)
class Portability:
    """Whether a run has the same bits on every vendor's CPUs and, where not, because of what."""

    reasons: tuple[str, ...] = ()
    """The ops that each vendor's CPUs compute in their own way, each with the layer that it is
    from: ``batch_normalization: Rsqrt``."""

    @property
    def portable(self) -> bool:
        """Whether no such op was found."""
        return not self.reasons

    def __str__(self) -> str:
        if self.portable:
            return "portable"
        return f"this vendor only, because of {', '.join(self.reasons)}"


def check_portability(functions: Iterable[Any], model: "keras.Model") -> Portability:
    """What the graphs of a run's steps say.

    Args:
        functions: the steps, as TensorFlow's concrete functions.
        model: what they train or ask, for its layers' names.
    """
    import tensorflow as tf

    found = [] if tf.__version__ == MADE_FOR else [f"TensorFlow {tf.__version__} was not examined"]
    names = {layer.name for layer in model._flatten_layers()}
    for function in functions:
        for node in list_nodes(optimize(function)):
            if (op := find_approximation(node)) is not None:
                found.append(f"{_find_layer(node.name, names)}: {op}")
    return Portability(tuple(dict.fromkeys(found)))


def optimize(function: Any) -> Any:
    """The graph of a concrete function as TensorFlow's optimizer leaves it, as a GraphDef.

    oneDNN's own pass comes later. It puts kernels without approximations in the place of some ops.
    """
    from tensorflow.core.protobuf.meta_graph_pb2 import CollectionDef
    from tensorflow.python.eager import context
    from tensorflow.python.grappler.tf_optimizer import OptimizeGraph
    from tensorflow.python.training.saver import export_meta_graph

    graph = function.graph
    meta = export_meta_graph(graph_def=graph.as_graph_def(), graph=graph)
    kept = CollectionDef()  # what counts as read
    for each in [*graph.inputs, *graph.outputs, *graph.control_outputs]:
        kept.node_list.value.append(each.name)
    meta.collection_def["train_op"].CopyFrom(kept)
    config = context.context().config  # with the passes that are switched off
    config.graph_options.rewrite_options.min_graph_nodes = -1
    return OptimizeGraph(config, meta)


def list_nodes(graph: Any) -> Iterator[Any]:
    """The nodes of a GraphDef, and of the functions in it."""
    yield from graph.node
    for function in graph.library.function:
        yield from function.node_def


def find_approximation(node: Any) -> str | None:
    """The op of a node, where each vendor's CPUs compute it in their own way."""
    import tensorflow as tf

    op = re.sub("^(Resource)?(Sparse)?(?=Apply)|^_", "", node.op)
    if op in UNREADABLE:
        return f"{op}, which cannot be read"
    if node.attr["_XlaMustCompile"].b:
        return "compiled by XLA, which cannot be read"
    dtype = node.attr["T"].type
    if op in COMPLEX | REPLACED and dtype == tf.complex64.as_datatype_enum:
        return op
    small = (tf.float32, tf.float16, tf.bfloat16)
    if dtype not in [each.as_datatype_enum for each in small]:
        return None
    if op.startswith("FusedBatchNorm") and node.attr["data_format"].s in (b"NDHWC", b"NCDHW"):
        return op  # oneDNN computes those of pictures alone
    if op.startswith("Fused") and b"FusedBatchNorm" in node.attr["fused_ops"].list.s:
        return f"{op} with FusedBatchNorm"
    return op if op in REPLACED | OTHERS else None


def _find_layer(node: str, layers: Sequence[str] | set[str]) -> str:
    """The innermost layer in a node's name, such as model_1/dense_1/Rsqrt; else the first part.

    TensorFlow adds _1 and so on to a name that it has seen before.
    """
    parts = node.split("/")
    for part in reversed(parts):
        for name in (part, re.sub(r"_\d+$", "", part)):
            if name in layers:
                return name
    return parts[0]
