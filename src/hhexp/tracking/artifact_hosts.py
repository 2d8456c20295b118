"""Which machines are asked for artifacts: a store's records name their addresses, and other people
may have written these."""

from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hhexp.errors import UserError
from hhexp.tracking.address import without_password

if TYPE_CHECKING:
    from mlflow.store.artifact.artifact_repo import ArtifactRepository

LOCAL = ("", "file")
"""Schemes of folders on this machine."""
INDIRECT = ("runs", "models")
"""Schemes that stand for another address, which is looked at in its turn."""
SERVER = ("http", "https", "mlflow-artifacts")
"""Schemes of an MLflow server, which is told the person's password or token."""


@cache
def guard_hosts() -> None:
    """Let MLflow open no artifacts, in this process, but where the store's own may be."""
    from mlflow.store.artifact import artifact_repository_registry as registry

    known = registry._artifact_repository_registry
    for scheme, build in dict(known.get_registered_artifact_repositories()).items():
        if scheme not in (*LOCAL, *INDIRECT):
            known.register(scheme, partial(_open_if_own, build))


def _open_if_own(
    build: Callable[..., "ArtifactRepository"],
    place: str,
    tracking_uri: str | None = None,
    **others: Any,
) -> "ArtifactRepository":
    import mlflow

    store = tracking_uri or mlflow.get_tracking_uri()
    if not is_own(place, store):
        raise UserError(
            f"the tracking store {without_password(store)} says that artifacts are at "
            f"{without_password(place)}, which is not asked: another machine"
        )
    return build(place, tracking_uri=tracking_uri, **others)


def is_own(place: str, store: str) -> bool:
    """Whether artifacts at an address may belong to a store, so that it can be asked.

    A store in a file has its artifacts in folders. An MLflow server passes on its own, or names an
    object store, such as S3, that needs credentials of its own. A database names an object store.
    """
    if store.startswith("sqlite"):
        return False
    address, own = urlsplit(place), urlsplit(store)
    if address.scheme not in SERVER:
        return True
    if own.scheme not in ("http", "https"):
        return False
    if address.scheme == "mlflow-artifacts":
        return address.netloc in ("", own.netloc)
    return (address.scheme, address.netloc) == (own.scheme, own.netloc)
