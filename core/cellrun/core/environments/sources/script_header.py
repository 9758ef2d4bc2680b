"""The header by which a script says what it needs: `# /// script` (PEP 723), in a file or a cell."""

from __future__ import annotations

import re
from pathlib import Path

from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.sources.pyproject import add_indexes, checked_python
from cellrun.core.environments.sources.requirements import Requirements
from cellrun.core.environments.sources.toml import text_or_none, texts, toml
from cellrun.core.errors import UserErrorException

_BLOCK = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$")  # as PEP 723 has it
_TITLE = "the header # /// script"


def spec_of_script(text: str) -> EnvironmentSpec | None:
    """Return the environment that a script's or cell's header asks for; None if there is none.

    Raises UserErrorException for more than one, and one that can't be read.
    """
    blocks = [found["content"] for found in _BLOCK.finditer(text.replace("\r\n", "\n")) if found["type"] == "script"]
    if not blocks:
        if re.search(r"(?m)^# /// script\s*$", text):
            raise UserErrorException(f"{_TITLE} has no end; after its lines, each of which begins with #, write: # ///")
        return None
    if len(blocks) > 1:
        raise UserErrorException(f"{_TITLE} is there {len(blocks)} times; leave one")
    lines = [line[2:] if line.startswith("# ") else line[1:] for line in blocks[0].splitlines()]
    data = toml("\n".join(lines), _TITLE)
    found = Requirements()
    found.read(enumerate(texts(data, _TITLE, "dependencies"), 1), Path.cwd(), f"{_TITLE}: dependencies")
    add_indexes(data, _TITLE, found)
    return checked_python(found.spec(), text_or_none(data, _TITLE, "requires-python"), _TITLE)
