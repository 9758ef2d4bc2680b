"""What programs of a build read of their surroundings, and say of a failure."""

import sys

import pytest

from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.building.builder import BuildError, run, words
from cellrun.core.environments.building.uv_builder import UvBuilder


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            ["Using Python 3.11.7", "error: No solution found:", "  cause: Because a==2 isn't there, it can't be."],
            "No solution found: cause: Because a==2 isn't there, it can't be.",
        ),
        (
            [
                "  \N{MULTIPLICATION SIGN} No solution found when resolving dependencies:",
                "  ╰─▶ Because a==2",
                "      isn't there.",
            ],
            "No solution found when resolving dependencies: Because a==2 isn't there.",
        ),
        (["Collecting", "PackagesNotFoundError: a", ""], "PackagesNotFoundError: a"),
        ([], ""),
    ],
)
def test_their_own_words_in_one_line(lines, said):
    assert words(lines) == said


def test_a_program_that_says_nothing_is_named_with_its_end(tmp_path):
    with pytest.raises(BuildError, match="sh -c 'exit 3' ended with 3"):
        run(["sh", "-c", "exit 3"], {}, tmp_path, lambda _: None)
    with pytest.raises(BuildError, match="/not/there can't be started"):
        run(["/not/there"], {}, tmp_path, lambda _: None)


def test_what_lies_in_the_folders_above_the_cache_has_no_word_in_a_build(tmp_path, packages):
    anybodys = tmp_path / "tmp"  # where a home may be, as below /tmp
    home = anybodys / "home" / "environments"
    home.mkdir(parents=True)
    (anybodys / "uv.toml").write_text(f"no-index = true\nfind-links = ['{packages.folder}']\n")
    wanted = EnvironmentSpec(packages=("tinything",), options=("--no-index",))
    with pytest.raises(BuildError, match="tinything was not found"):
        UvBuilder().build(wanted, sys.executable, home / "made", lambda _: None)


def test_what_a_program_says_of_a_variable_s_value_is_its_name(monkeypatch, tmp_path, web):
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    monkeypatch.setenv("TOKEN", "s3cr3t-tok")
    monkeypatch.setenv("OF_TOKEN", "s3cr3t")  # part of the other one
    said = []
    address = f"tinything @ {web.url}/${{TOKEN}}/tinything-1.0-py3-none-any.whl?sig=${{TOKEN}}&of=${{OF_TOKEN}}"
    with pytest.raises(BuildError) as caught:
        UvBuilder().build(EnvironmentSpec(packages=(address,)), sys.executable, tmp_path / "made", said.append)
    assert "404" in str(caught.value)
    for text in (str(caught.value), "\n".join(said)):
        assert f"{web.url}/${{TOKEN}}/tinything" in text
        assert "s3cr3t" not in text
