"""The typed schema of a configuration: each key's type and range."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from hhexp.config.objective import PATTERN

Positive = Annotated[float, Field(gt=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Share = Annotated[float, Field(gt=0, lt=1)]
Momentum = Annotated[float, Field(ge=0, lt=1)]


class Section(BaseModel):
    """A part of the configuration: no unknown keys, no silent conversions, no changes."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, serialize_by_alias=True
    )


class OpenSection(Section):
    """A section whose further keys are the parameters of the function that it names."""

    model_config = ConfigDict(extra="allow")

    @property
    def arguments(self) -> dict[str, Any]:
        """The keys that the named function takes."""
        return dict(self.model_extra or {})


class Part(OpenSection):
    """One of a list of registered functions, and its parameters; its name alone is enough."""

    name: str

    @model_validator(mode="before")
    @classmethod
    def _take_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value


def _check_names(parts: list[Part]) -> list[Part]:
    names = [part.name for part in parts]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"must name nothing twice, as {twice[0]}")
    return parts


Parts = Annotated[list[Part], AfterValidator(_check_names)]


class Model(OpenSection):
    """``model``: a registered model builder and its parameters."""

    builder: str


class View(Section):
    """``data.views``: a part of every validation image, by a box or by a random crop."""

    box: Annotated[list[Fraction], Field(min_length=4, max_length=4)] | None = None
    """[top, left, bottom, right] as shares of the height and width, as TensorFlow's
    ``crop_and_resize`` has them."""
    share: Annotated[float, Field(gt=0, le=1)] | None = None
    """Of a random crop: its height and width, as a share of the image's."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Of a random crop: where an image's crop lies depends on this and the image's index alone, so
    that it is the same for every run."""

    @model_validator(mode="after")
    def _check_shape(self) -> Self:
        if (self.box is None) == (self.share is None):
            raise ValueError("give exactly one of box and share")
        if self.box is not None:
            top, left, bottom, right = self.box
            if not (top < bottom and left < right):
                raise ValueError(
                    "box must be [top, left, bottom, right] with top < bottom and left < right"
                )
        return self

    @property
    def is_whole(self) -> bool:
        """Whether it shows the images as they are."""
        return self.share == 1 or self.box == [0, 0, 1, 1]


class Data(OpenSection):
    """``data``: a registered data reader, its parameters, and the size of the images."""

    name: Annotated[str, Field(min_length=1)]
    reader: str
    image_size: Annotated[int, Field(ge=1, le=4096)] | None
    views: dict[str, View]
    validation_share: Share | None = None
    """Of all images, cut from the training images."""
    test_share: Share | None = None
    """Of the validation images; of all, where these are cut too."""
    folds: Annotated[int, Field(ge=2, le=100)] | None = None
    """Into how many parts the training and validation images are dealt."""
    fold: Annotated[int, Field(ge=0)] = 0
    """The part that validates, from 0; the others train."""
    group_by: Annotated[str, Field(min_length=1)] | None = None
    """What keeps images together: ``folder`` or a regular expression; None for nothing."""
    split_seed: Annotated[int, Field(ge=0)] = 0
    skip_bad: bool = False
    """Whether files that cannot be read or decoded are left out."""
    strict: bool = False
    """Whether what the checks of the data find is an error."""
    verify: bool = False
    """Whether files are read again that have not changed since they were hashed."""
    cache: Literal["decoded", "none"] = "decoded"
    """What the cache keeps of the images: all pixels, or none, to decode them in each epoch."""

    @field_validator("group_by")
    @classmethod
    def _check_pattern(cls, group_by: str | None) -> str | None:
        try:
            re.compile(group_by or "")
        except re.error as error:
            raise ValueError(f"must be folder, or a regular expression: {error}") from error
        return group_by

    @model_validator(mode="after")
    def _check_shares(self) -> Self:
        if (self.validation_share or 0) + (self.test_share or 0) >= 1:
            raise ValueError("validation_share and test_share must leave images for training")
        if self.folds and self.validation_share:
            raise ValueError("give only one of folds and validation_share")
        cuts = self.validation_share or self.test_share or self.folds
        if self.group_by not in (None, "folder") and not cuts:
            raise ValueError("group_by needs validation_share, test_share or folds")
        if self.fold >= (self.folds or 1):
            raise ValueError(f"fold={self.fold}: must be below folds={self.folds or 'null'}")
        return self


class Optimizer(OpenSection):
    """``optimizer``: a registered optimizer and its parameters."""

    name: str


class LearningRate(OpenSection):
    """``lr``: a registered learning-rate schedule and its parameters."""

    schedule: str


class Loss(OpenSection):
    """``loss``: a registered loss function, its parameters, and what images of each class count."""

    function: str = "cross_entropy"
    class_weight: Literal["balanced"] | None = None

    @property
    def is_plain(self) -> bool:
        """Whether it is the cross-entropy and nothing more."""
        smoothing = self.arguments.get("label_smoothing", 0)
        return self.function == "cross_entropy" and not self.class_weight and not smoothing


class Ranges(Section):
    """The ranges of the random transforms (uniform); named as in ImageDataGenerator."""

    rotation_range: Annotated[float, Field(ge=0, le=180)] = 0.0
    """± degrees."""
    width_shift_range: Fraction = 0.0
    """± fraction of the width, along the width."""
    height_shift_range: Fraction = 0.0
    """± fraction of the height, along the height."""
    shear_range: Annotated[float, Field(ge=0, lt=90)] = 0.0
    """± degrees."""
    zoom_range: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Zoom in [1 - z, 1 + z], drawn for each axis separately; below 1 enlarges."""
    horizontal_flip: bool = False
    """Whether half of the images are mirrored."""
    fill_mode: Literal["nearest", "constant", "reflect", "wrap"] = "nearest"
    """Fills pixels outside the image: nearest (its edge), constant (black), reflect or wrap."""

    @property
    def is_identity(self) -> bool:
        """Whether the ranges leave every image as it is."""
        ranges = Ranges.model_fields.keys() - {"fill_mode"}
        return not any(getattr(self, name) for name in ranges)


class Augmentation(Ranges):
    """``aug``: the ranges of the random transforms, and the engine that applies them."""

    engine: Literal["affine", "image_data_generator", "keras_layers"]
    steps: Parts = []
    """The person's own steps, which come before the engine's transforms."""
    since: Annotated[int, Field(ge=1, alias="from")] = 1
    """The first epoch with transforms."""
    until: Annotated[int, Field(ge=1)] | None = None
    """The last epoch with transforms; None for all."""

    @field_validator("until")
    @classmethod
    def _check_until(cls, until: int | None, info: ValidationInfo) -> int | None:
        since = info.data.get("since", 1)
        if until is not None and until < since:
            raise ValueError(f"must not be before aug.from={since}")
        return until

    @property
    def is_plain(self) -> bool:
        """Whether every image is left as it is."""
        return self.is_identity and not self.steps

    def is_active(self, epoch: int) -> bool:
        """Whether images are transformed in an epoch, from 1."""
        within = self.since <= epoch and (self.until is None or epoch <= self.until)
        return within and not self.is_plain


class Runtime(Section):
    """``runtime``: what the training runs on; all of it can affect the numbers."""

    device: Literal["auto", "cpu", "gpu"]
    threads: Annotated[int, Field(ge=1, le=256)]
    precision: Literal["float32", "mixed_bfloat16"]
    isa: Literal[
        "native",
        "sse41",
        "avx",
        "avx2",
        "avx2_vnni",
        "avx512",
        "avx512_vnni",
        "avx512_bf16",
        "avx512_fp16",
        "amx",
    ]


class State(Section):
    """``state``: when a training's state is saved and kept, and whether its steps are traced."""

    every: Annotated[int, Field(ge=1)]
    keep: Literal["branches", "all", "newest"] = "branches"
    budget_gb: Annotated[float, Field(gt=0)] | None = None
    trace: bool = False


class Stopping(Section):
    """``stopping``: when a training ends before its last epoch."""

    patience: Annotated[int, Field(ge=1)] | None = None
    """Epochs in a row without a better objective; None to train all."""


class Tracking(Section):
    """``tracking``: where the runs are kept, and how they are marked there."""

    uri: Annotated[str, Field(min_length=1)] | None
    experiment: Annotated[str, Field(min_length=1)]
    label: str | None
    tags: dict[str, str]
    system_metrics: bool = False
    """Records of older runs have none."""


class Config(Section):
    """A whole run."""

    epochs: Annotated[int, Field(ge=1, le=100_000)]
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    batch_size: Annotated[int, Field(ge=1, le=65_536)]
    objective: Annotated[str, Field(pattern=PATTERN)]
    modules: list[str]
    reuse: bool
    explain: bool
    state: State
    stopping: Stopping = Stopping()
    """Records of older runs have none."""
    model: Model
    optimizer: Optimizer
    lr: LearningRate
    loss: Loss = Loss()
    """Records of older runs have none."""
    aug: Augmentation
    data: Data
    runtime: Runtime
    tracking: Tracking
    metrics: Parts = []
    """The person's own."""
    callbacks: Parts = []
    """The person's own."""

    @property
    def may_reuse(self) -> bool:
        """Whether runs and states in the store may be used; a trace is of a whole training."""
        return self.reuse and not self.state.trace
