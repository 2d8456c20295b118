"""Model builders: functions from an input shape and a number of outputs to a Keras model.

A builder is registered with ``@model_builder``; its keyword-only parameters are the keys of its
option in ``conf/model``. Images come in as 0 … 255, and scaling them is the model's first layer,
so that training, validation and prediction cannot disagree about it. The last layer gives
probabilities: one sigmoid where there are two classes, else a softmax over all.
"""

from hhexp.models.builder import build, check_model, list_files
from hhexp.models.cnn import cnn
from hhexp.models.transfer import transfer

__all__ = ["build", "check_model", "cnn", "list_files", "transfer"]
