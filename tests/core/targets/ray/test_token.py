"""Where the token is found that lets us in."""

import pytest

from cellrun.core.errors import AuthenticationError
from cellrun.core.targets.ray.token import token


def test_the_variable_comes_before_the_file_and_neither_is_needed(tmp_path, monkeypatch):
    assert token({}, None) is None
    (tmp_path / "token").write_text("of-the-file\n")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "token"))
    assert token({}, None).value == "of-the-file"
    monkeypatch.setenv("RAY_AUTH_TOKEN", "of-the-variable")
    assert token({}, None).value == "of-the-variable"


def test_a_secret_of_the_keyvault_is_what_the_target_says(ws, monkeypatch):
    monkeypatch.setenv("RAY_AUTH_TOKEN", "anothers")
    with pytest.raises(AuthenticationError, match="no secret 'ray'"):
        token({"secret": "ray"}, ws.layout)
    with pytest.warns(UserWarning, match="keyring"):
        ws.get_default_keyvault().set_secret("ray", "kept")
    assert token({"secret": "ray"}, ws.layout).value == "kept"


@pytest.mark.parametrize("value", ["two\nlines", "caf\u00e9", "a b", "x" * 9000])
def test_what_cant_be_sent_is_refused_without_being_repeated(value, monkeypatch):
    monkeypatch.setenv("RAY_AUTH_TOKEN", value)
    with pytest.raises(AuthenticationError, match="RAY_AUTH_TOKEN") as refused:
        token({}, None)
    assert value not in str(refused.value)
