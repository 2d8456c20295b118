"""The model card: what a model is, what it was trained on, how good it is, how it was checked.

Its parts are those of M. Mitchell et al., "Model Cards for Model Reporting", FAT* 2019
(https://arxiv.org/abs/1810.03993), as far as a run has them on record.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import yaml

from hhexp import __version__
from hhexp.analysis.markdown import show
from hhexp.analysis.summary import summarise
from hhexp.escape import escape
from hhexp.experiment.recorded import CONFIGURATION
from hhexp.exporting.comparison import TOLERANCE
from hhexp.exporting.formats import FORMATS
from hhexp.prediction.predictor import Predictor
from hhexp.reading import MAPPING, damaged, parse_json, parse_yaml
from hhexp.tracking.artifacts import read_text
from hhexp.tracking.query import StoredRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import DATA_FINGERPRINT

HORSES_OR_HUMANS = (
    "CC BY 2.0; Horses or Humans is by Laurence Moroney (https://laurencemoroney.com). The copy "
    "that comes with hhexp is recompressed."
)
OWN = ("bundled", "published")
"""The readers of Horses or Humans."""
UNKNOWN = "not known to hhexp: say here what it is, and who made them."
PACKAGES = ("tensorflow", "keras", "numpy", "pillow", "onnx", "onnxruntime", "tf2onnx")
"""Packages whose versions may matter to who uses the file."""


@dataclass(frozen=True)
class Check:
    """How the exported model was compared with the original."""

    sample: str
    """The images, in a few words."""
    difference: float
    """The largest of a probability."""


def write_card(store: Store, run: StoredRun, predictor: Predictor, to: str, check: Check) -> str:
    """The card of an exported model, as Markdown.

    Raises:
        UserError: the run's record is damaged.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("hhexp.exporting", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["markdown"] = show
    (row,) = summarise(store, [run.run_id], {})
    config = _read_mapping(store, run, CONFIGURATION, parse_yaml)
    counts = _read_mapping(store, run, "provenance/data.json", parse_json).get("counts", {})
    data = config.get("data", {})
    form = FORMATS[to]
    return environment.get_template("card.md.j2").render(
        version=__version__,
        today=datetime.now().date().isoformat(),
        format=to,
        file=form.file,
        usage=form.usage,
        run_id=run.run_id,
        epoch=predictor.epoch,
        classes=predictor.classes,
        listed=", ".join(predictor.classes),
        height=predictor.image_size[0],
        width=predictor.image_size[1],
        point=row.best if predictor.epoch == "best" else row.last,
        crossed=predictor.epoch == "best" and row.crossed,
        modules=config.get("modules") or [],
        data=str(data.get("name", "unknown")),
        fingerprint=run.tags.get(DATA_FINGERPRINT, "unknown"),
        counts=counts,
        images_licence=HORSES_OR_HUMANS if data.get("reader") in OWN else UNKNOWN,
        started=f"{run.start:%Y-%m-%d %H:%M} UTC",
        configuration=_show_configuration(config),
        sample=check.sample,
        difference=check.difference,
        tolerance=TOLERANCE,
        versions=", ".join(_list_versions(to)),
    )


def _read_mapping(store: Store, run: StoredRun, path: str, parse: Any) -> Mapping[str, Any]:
    """A part of a run's record; empty where it is not there."""
    text = read_text(store, run.run_id, path)
    try:
        return MAPPING.validate_python(parse(text)) if text else {}
    except ValueError as error:
        raise damaged(f"{path} of run {run.run_id}", error) from error


def _show_configuration(config: Mapping[str, Any]) -> str:
    """A configuration for a block of code, without what names places on the person's machine."""
    shown = {key: value for key, value in config.items() if key != "tracking"}
    if isinstance(shown.get("data"), dict):
        shown["data"] = {key: value for key, value in shown["data"].items() if key != "root"}
    text = yaml.safe_dump(shown, sort_keys=False, allow_unicode=True)
    return "\n".join(escape(line).replace("```", "'''") for line in text.splitlines())


def _list_versions(to: str) -> list[str]:
    own = {"onnx", "onnxruntime", "tf2onnx"}
    names = [name for name in PACKAGES if to == "onnx" or name not in own]
    return [f"{name} {version(name)}" for name in names if name == "pillow" or find_spec(name)]
