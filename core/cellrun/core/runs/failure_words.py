"""Why an interactive run failed, as its status keeps it."""

from __future__ import annotations

_TAIL_LINES = 20


def failure_fields(cause: object, code: str | None = None) -> dict[str, str]:
    """Return the reason and, of an exception, the traceback's tail and last line.

    `cause` is an exception or whatever `Run.fail` was given; `code` is the user's own.
    """
    if isinstance(cause, BaseException):
        import traceback  # noqa: PLC0415  # most runs don't fail

        lines = "".join(traceback.format_exception(cause)).rstrip().splitlines()
        last = "".join(traceback.format_exception_only(cause)).strip()
        fields = {"reason": last, "traceback_tail": "\n".join(lines[-_TAIL_LINES:]), "last_line": last}
    else:
        fields = {"reason": "run.fail() was called" if cause is None else str(cause)}
    if code is not None:
        fields["reason"] += f" (error code {code})"
    return fields
