from __future__ import annotations

import pytest

from cellrun.core.errors import UserErrorException
from cellrun.core.limits import limits


def test_defaults() -> None:
    assert (limits().snapshot_bytes, limits().snapshot_files) == (1_000_000_000, 20_000)
    assert limits().grace_s == 10.0


def test_each_limit_has_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELLRUN_SNAPSHOT_FILES", "5_000")
    monkeypatch.setenv("CELLRUN_GRACE_S", "0.5")
    assert limits().snapshot_files == 5000
    assert limits().grace_s == 0.5


@pytest.mark.parametrize("text", ["many", "-1", "0", "1.5", "inf", "nan"])
def test_a_wrong_number_is_told(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELLRUN_SNAPSHOT_BYTES", text)
    with pytest.raises(UserErrorException, match=f"CELLRUN_SNAPSHOT_BYTES is a positive whole number; got '{text}'"):
        limits()
