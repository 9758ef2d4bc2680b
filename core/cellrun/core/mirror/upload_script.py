"""The program that uploads what one run writes from a machine whose files nobody at home can read.

Started as `python -I -S upload_script.py` beside the supervisor. Its stdin has its order (JSON): `folder` of the run,
its `key` (hex), the `way` ("push" or "lines"), and for a push `url` and `token`; with `or_lines` all is printed where
that address can't be reached. It ends when the run has ended and all of it was taken; 1 if not all was.
"""

import json
import os
import sys

ROOT = os.path.abspath(f"{__file__}/../../../..")  # noqa: PTH100  # as the supervisor has it


def main() -> int:
    """Carry one run's files; return the exit code."""
    sys.path.append(ROOT)
    from cellrun.core.layout import RunLayout  # noqa: PLC0415  # found by the path above
    from cellrun.core.mirror.transports import transport_of  # noqa: PLC0415  # as above
    from cellrun.core.mirror.uploader import Uploader  # noqa: PLC0415  # as above

    told = json.load(sys.stdin)
    left = Uploader(RunLayout(told["folder"]), transport_of(told, sys.stdout.buffer)).to_the_end()
    if left:
        print(f"cellrun: {left}", file=sys.stderr, flush=True)  # noqa: T201  # the engine's log has it
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
