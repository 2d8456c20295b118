"""The typed schema of a configuration: each key's type and range."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

NonNegative = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Momentum = Annotated[float, Field(ge=0, lt=1)]


class Section(BaseModel):
    """A part of the configuration: no unknown keys, no silent conversions, no changes."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class OpenSection(Section):
    """A section whose further keys are the parameters of the function that it names."""

    model_config = ConfigDict(extra="allow")

    @property
    def arguments(self) -> dict[str, Any]:
        """The keys that the named function takes."""
        return dict(self.model_extra or {})


class Model(OpenSection):
    """``model``: a registered model builder and its parameters."""

    builder: str


class View(Section):
    """``data.views``: a part of every validation image, by a box or by a random crop."""

    box: Annotated[list[Fraction], Field(min_length=4, max_length=4)] | None = None
    share: Annotated[float, Field(gt=0, le=1)] | None = None
    seed: Annotated[int, Field(ge=0)] = 0


class Data(OpenSection):
    """``data``: a registered data reader, its parameters, and the size of the images."""

    name: Annotated[str, Field(min_length=1)]
    reader: str
    image_size: Annotated[int, Field(ge=1, le=4096)] | None
    views: dict[str, View]


class RmsProp(Section):
    """``optimizer=rmsprop``, with the arguments of ``keras.optimizers.RMSprop``."""

    name: Literal["rmsprop"]
    rho: Momentum
    momentum: Momentum
    epsilon: Positive


class Adam(Section):
    """``optimizer=adam``, with the arguments of ``keras.optimizers.Adam``."""

    name: Literal["adam"]
    beta_1: Momentum
    beta_2: Momentum
    epsilon: Positive


class Sgd(Section):
    """``optimizer=sgd``, with the arguments of ``keras.optimizers.SGD``."""

    name: Literal["sgd"]
    momentum: Momentum
    nesterov: bool


class ConstantRate(Section):
    """``lr``: the same rate at every step."""

    schedule: Literal["constant"]
    value: Positive


class CosineRate(Section):
    """``lr=cosine``: half a cosine from ``value`` to ``final_fraction`` of it at the last step."""

    schedule: Literal["cosine"]
    value: Positive
    final_fraction: Fraction


class StepRate(Section):
    """``lr=step``: ``value`` times ``factor`` after every ``every`` epochs."""

    schedule: Literal["step"]
    value: Positive
    every: Annotated[int, Field(ge=1)]
    factor: Annotated[float, Field(gt=0, le=1)]


class Augmentation(Section):
    """``aug``: the ranges of the random transforms, named as ImageDataGenerator names them."""

    engine: Literal["affine", "image_data_generator", "keras_layers"]
    rotation_range: Annotated[float, Field(ge=0, le=180)]
    width_shift_range: Fraction
    height_shift_range: Fraction
    shear_range: Annotated[float, Field(ge=0, lt=90)]
    zoom_range: Annotated[float, Field(ge=0, lt=1)]
    horizontal_flip: bool
    fill_mode: Literal["nearest", "constant", "reflect", "wrap"]


class Runtime(Section):
    """``runtime``: what the training runs on; all of it can move the numbers."""

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
    """``state``: when a training's state is saved."""

    every: Annotated[int, Field(ge=1)]


class Tracking(Section):
    """``tracking``: where the runs are kept, and how they are marked there."""

    uri: Annotated[str, Field(min_length=1)] | None
    experiment: Annotated[str, Field(min_length=1)]
    label: str | None
    tags: dict[str, str]


class Config(Section):
    """A whole run."""

    epochs: Annotated[int, Field(ge=1, le=100_000)]
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    batch_size: Annotated[int, Field(ge=1, le=65_536)]
    objective: Annotated[
        str,
        Field(pattern=r"^(train/(loss|accuracy)|val/(loss|accuracy)|val/recall/.+|time/epoch_s)$"),
    ]
    modules: list[str]
    reuse: bool
    explain: bool
    state: State
    model: Model
    optimizer: Annotated[RmsProp | Adam | Sgd, Field(discriminator="name")]
    lr: Annotated[ConstantRate | CosineRate | StepRate, Field(discriminator="schedule")]
    aug: Augmentation
    data: Data
    runtime: Runtime
    tracking: Tracking
