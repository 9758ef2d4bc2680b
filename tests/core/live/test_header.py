"""What stands above a run's charts."""

import pytest

from cellrun.core.live.header import arguments_text
from cellrun.core.store.record import RunRecord


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"kind": "script", "script": "train.py", "argv": ["/py", "train.py", "--lr", "0.1", "a b"]}, "--lr 0.1 'a b'"),
        ({"kind": "cell", "argv": ["/py", "-m", "cellrun.core.cell.main", "cell.py", "--lr", "0.1"]}, "--lr 0.1"),
        ({"kind": "cell", "argv": ["/py", "-m", "cellrun.core.cell.main", "cell.py"]}, ""),
        (
            {"kind": "command", "command": "export A=1 && python x.py", "argv": ["sh", "-c", "…"]},
            "export A=1 && python x.py",
        ),
        ({"kind": "interactive", "argv": ["ipykernel_launcher.py", "-f", "kernel.json"]}, ""),
    ],
)
def test_arguments_are_the_users(fields, text):
    assert arguments_text(RunRecord(experiment="e", **fields)) == text
