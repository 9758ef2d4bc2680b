"""`%environments`: the environments that were built on this machine: their size, their last use, their removal."""

from __future__ import annotations

import time
from collections.abc import Iterator

from IPython.display import display

from cellrun.core.environments.building.built_environments import CachedEnvironment, cached_environments
from cellrun.core.errors import UserErrorException
from cellrun.core.resources import size_text
from cellrun.magics.options import MagicParser
from cellrun.magics.shell import plain_errors, say
from cellrun.magics.table import Table

_HEADER = ("Environment", "Key", "Python", "Packages", "Size", "Last used", "In use by")
_SHORT = 8
_LEAST = 4
_BELOW = (
    "`%environments --remove KEY` removes one, Workspace.from_config().clean(older_than=30) those that no run has used "
    "for so many days; a run that needs one again builds it again"
)
_NONE = "No environment was built yet: `%%submit --with-package NAME` or `--environment requirements.txt` builds one."


_PARSER = MagicParser("environments", "%environments --remove 1f2e3d4c")
_PARSER.add_argument(
    "--remove", metavar="KEY", help="remove the one of this key, or of its beginning; e.g. --remove 1f2e3d4c"
)


@_PARSER.explains
def environments(line: str) -> None:
    """List the environments that were built for runs on this machine, or remove one.

        %environments
        %environments --remove 1f2e3d4c

    One that a run uses which hasn't ended stays.
    """
    given = _PARSER.parse_line(line)
    with plain_errors():
        if given.remove:
            kept = _of_key(given.remove)
            name, size = kept.name, kept.size_bytes
            kept.remove()
            say(f"environment {name} is removed, {size_text(size)} freed")
            return
        rows = list(_rows())
        display(Table(_HEADER, rows, [_BELOW] if rows else [_NONE]))  # type: ignore[no-untyped-call]


def _of_key(key: str) -> CachedEnvironment:
    found = [kept for kept in cached_environments() if kept.key.startswith(key)] if len(key) >= _LEAST else []
    if len(found) != 1:
        known = ", ".join(kept.key[:_SHORT] for kept in cached_environments()) or "none"
        raise UserErrorException(f"{len(found)} environments have a key that begins with {key!r}; there are: {known}")
    return found[0]


def _rows() -> Iterator[tuple[str, ...]]:
    for kept in sorted(cached_environments(), key=lambda each: each.last_used, reverse=True):
        facts = kept.facts
        users = kept.users()
        state = str(facts.get("python", "")) if kept.is_whole else "being built" if kept.is_being_built else "not whole"
        yield (
            kept.name,
            kept.key[:_SHORT],
            state,
            str(len(facts.get("packages", ()))) if kept.is_whole else "",
            size_text(kept.size_bytes),
            time.strftime("%Y-%m-%d %H:%M", time.localtime(kept.last_used)),
            ", ".join(layout.run_id for layout in users),
        )
