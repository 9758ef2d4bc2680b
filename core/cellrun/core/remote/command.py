"""The command that is started elsewhere: one text, the same for every machine, user and setting.

It goes through whatever shell the user has there (sh, bash, zsh, fish, csh), so it has no line break, no quotes in its
quotes, no backslash and no `!`. What is set (which Python, which folder) comes by its stdin, never by a command line.
"""

from __future__ import annotations

import os
from pathlib import Path

from cellrun.core.remote.protocol import MARKER

_OLD = "import sys; sys.exit(sys.version_info < (3, 10))"
_FIRST = "import sys; exec(sys.stdin.buffer.read(int(sys.stdin.buffer.readline())))"
_PYTHONS = " ".join(["python3", *(f"python3.{minor}" for minor in range(15, 9, -1)), "python"])

_SCRIPT = (
    "IFS= read -r p; IFS= read -r d; "
    'case $d in "") ;; "~"|"~/"*) CELLRUN_HOME=$HOME${d#"~"}; export CELLRUN_HOME;; '
    "*) CELLRUN_HOME=$d; export CELLRUN_HOME;; esac; "
    'case $p in "~/"*) p=$HOME${p#"~"};; esac; '
    f't="{_OLD}"; r="{_FIRST}"; '
    f'if [ -n "$p" ]; then set -- "$p"; else set -- {_PYTHONS}; fi; '
    'for c in "$@"; do if "$c" -I -S -c "$t" </dev/null >/dev/null 2>&1; then exec "$c" -I -S -c "$r"; fi; done; '
    'if [ -z "$p" ]; then for u in uv "$HOME/.local/bin/uv" "$HOME/.cargo/bin/uv"; do '
    'if "$u" --version </dev/null >/dev/null 2>&1; then '
    'c=$(cd / && "$u" python find ">=3.10" </dev/null 2>/dev/null) || '
    '{ "$u" python install 3.12 </dev/null >&2 && c=$(cd / && "$u" python find ">=3.10" </dev/null); }; '
    'if [ -n "$c" ]; then exec "$c" -I -S -c "$r"; fi; b=uv; fi; done; fi; '
    f'echo "{MARKER.decode()}no-python ${{b:-}} $("${{p:-python3}}" -V 2>&1 </dev/null)"; exit 127'
)
REMOTE_COMMAND = f"exec sh -c '{_SCRIPT}'"


def first_words(python: str, folder: str, wanted: bytes) -> bytes:
    """Return what the command reads before anything is asked: its settings, the program, and what that takes.

    `python` and `folder` (CELLRUN_HOME there) are empty for what is found there; neither has a line break.
    """
    program = Path(__file__).with_name("bootstrap.py").read_bytes()
    return b"%b\n%b\n%d\n%b%b" % (os.fsencode(python), os.fsencode(folder), len(program), program, wanted)
