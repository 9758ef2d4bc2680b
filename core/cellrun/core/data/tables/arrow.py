"""Arrow, which reads and writes tables: it comes with an extra, and may not be there."""

from __future__ import annotations

from cellrun.core.errors import missing_package


def need_arrow(what: str) -> None:
    """Raise UserErrorException, with what to install, unless pyarrow is there."""
    try:
        import pyarrow  # noqa: F401, ICN001, PLC0415  # only whether it is there
    except ImportError as error:
        raise missing_package(what, "pyarrow", "tables") from error
