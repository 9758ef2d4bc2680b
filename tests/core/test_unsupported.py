"""What is said once in a process."""

import warnings

from cellrun.core import ScriptRunConfig, unsupported
from cellrun.core.submission.configuration.parts import DockerConfiguration


def test_it_is_said_once_at_the_users_own_line(tmp_path, monkeypatch):
    monkeypatch.setattr(unsupported, "_said", set())
    (tmp_path / "train.py").write_text("")
    config = ScriptRunConfig(tmp_path, "train.py", docker_runtime_config=DockerConfiguration(use_docker=True))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        config.request()
        config.request()
    assert [one.filename for one in caught] == [__file__]
