"""The names of the tags by which runs are found and told apart, each in one place.

Runs that are in a store already carry them, so a name never changes.
"""

KIND = "hhexp.kind"
"""What a run is: run, sweep or reproduction."""
VERSION = "hhexp.version"
"""The version of hhexp that made the run."""
LABEL = "hhexp.label"
"""The word with which a user marks a run, ``tracking.label``."""
COMMAND = "hhexp.command"
"""A sweep's command line."""
RUNS = "hhexp.runs"
"""The IDs of the runs that answer a sweep; what one tag cannot hold is in ``hhexp.runs.2``, …"""
OVERRIDES = "hhexp.overrides"
"""What a run's command line changed, such as ``aug=full epochs=15``."""
PLAN = "hhexp.plan"
"""How a run was made: trained from scratch, or continued from a saved state."""
PORTABILITY = "hhexp.portability"
"""Whether a run has the same bits on every vendor's CPUs and, if not, because of what; or GPU."""
TRAJECTORY = "hhexp.trajectory"
"""The hash of a run's identity; runs with the same one differ in their epochs only."""
IDENTITY = "hhexp.identity"
"""All that affects a run's numbers, as JSON."""
DATA_FINGERPRINT = "hhexp.data.fingerprint"
"""The SHA-256 of a run's images and labels."""
STATE = "hhexp.state"
"""The saved state of a run, as JSON."""
PROCESS = "hhexp.process"
"""The process that trains a run, or did so last."""
CLAIM = "hhexp.claim "
"""The prefix of the tags that processes set when they want a run."""
ERROR = "hhexp.error"
"""Why a run failed, in one line."""
REPRODUCES = "hhexp.reproduces"
"""The ID of the run that this one repeats."""
VERDICT = "hhexp.verdict"
"""Whether a reproduction's numbers came back, in one word."""
VERDICT_WORDS = "hhexp.verdict.words"
"""The same in a sentence."""
REPRODUCED = "hhexp.reproduced"
"""The verdict of the last reproduction, on the run that was repeated."""
REPRODUCED_BY = "hhexp.reproduced.by"
"""The ID of that reproduction."""
PARENT = "mlflow.parentRunId"
"""MLflow's own: the ID of the sweep that a run belongs to."""


def tag_equals(name: str, value: str) -> str:
    """What is true of the runs whose tag has a value, in MLflow's search language."""
    return f"tags.`{name}` = '{value}'"


def tag_contains(name: str, text: str) -> str:
    """What is true of the runs whose tag has a text in it, in MLflow's search language; and of a
    few more, as ``_`` and ``%`` stand for any text, and letters may match in either case."""
    return f"tags.`{name}` LIKE '%{text}%'"
