"""What this Python has installed, written down."""

import importlib.metadata
import json
import sys

import pytest

from cellrun.core.environments.sources.notebook import installed, spec_of_notebook


class Unreadable(importlib.metadata.Distribution):
    """What the package `importlib_metadata` finds where there are no metadata; many libraries import it."""

    def read_text(self, _):
        raise FileNotFoundError

    def locate_file(self, _):
        raise FileNotFoundError


class Backport(importlib.metadata.DistributionFinder):
    """Finds such a package."""

    def find_distributions(self, context=None):  # as importlib calls it
        return [Unreadable()]


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Make a folder of installed packages the only one; install into it by name, version and direct_url.json."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.setattr(sys, "path", [str(folder)])

    def install(name, version="1.0", origin=None, metadata=None):
        info = folder / f"{name}-{version}.dist-info"
        info.mkdir()
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n" if metadata is None else metadata
        (info / "METADATA").write_text(text)
        if origin is not None:
            (info / "direct_url.json").write_text(origin if isinstance(origin, str) else json.dumps(origin))

    return install


def test_each_package_is_pinned_and_this_python_named(site):
    site("Scikit_Learn", "1.5.0")
    site("numpy", "1.26.4")
    site("cellrun", "0.1.0")
    spec = spec_of_notebook()
    assert spec.packages == ("numpy==1.26.4", "Scikit_Learn==1.5.0")
    assert spec.python == f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert spec.notices == spec.options == ()
    assert installed() == {"scikit-learn": "1.5.0", "numpy": "1.26.4", "cellrun": "0.1.0"}


def test_what_came_from_git_or_an_address_comes_from_there_without_its_password(site):
    site(
        "one",
        origin={
            "url": "https://me:s3cret@git.example/one.git",
            "vcs_info": {"vcs": "git", "commit_id": "abc", "requested_revision": "main"},
        },
    )
    site("two", origin={"url": "https://a.example/two-1.0.zip", "archive_info": {}})
    assert spec_of_notebook().packages == (
        "one @ git+https://git.example/one.git@abc",
        "two @ https://a.example/two-1.0.zip",
    )


@pytest.mark.parametrize("is_editable", [True, False])
def test_a_folder_of_this_machine_is_said(site, tmp_path, is_editable):
    folder = tmp_path / "my lib"
    folder.mkdir()
    site("mine", origin={"url": folder.as_uri(), "dir_info": {"editable": is_editable}})
    spec = spec_of_notebook()
    assert (spec.packages, spec.options) == ((), (f"--editable {folder}",))
    assert spec.notices == (f"mine is installed from the folder {folder}, which another machine hasn't got",)


def test_a_wheel_of_this_machine_is_said(site, tmp_path):
    wheel = tmp_path / "mine-1.0-py3-none-any.whl"
    wheel.write_bytes(b"")
    site("mine", origin={"url": wheel.as_uri(), "archive_info": {}})
    [line], [notice] = spec_of_notebook().packages, spec_of_notebook().notices
    assert line.startswith(f"mine @ {wheel.as_uri()}#sha256=")
    assert "which another machine hasn't got" in notice


@pytest.mark.parametrize(
    "origin",
    [
        {"url": "file:///home/conda/feedstock_root/build_artifacts/numpy_1/work", "dir_info": {}},
        {"url": "file:///gone/numpy-1.0.whl", "archive_info": {}},
        "{broken",
        "[]",
    ],
)
def test_a_folder_of_the_machine_that_built_it_and_what_cant_be_read_say_nothing(site, origin):
    site("numpy", "1.26.4", origin=origin)
    assert (spec_of_notebook().packages, spec_of_notebook().notices) == (("numpy==1.26.4",), ())


def test_a_version_that_pypi_hasnt_got_is_said(site):
    site("torch", "2.3.0+cu121")
    site("ours", "1.0+team")
    spec = spec_of_notebook()
    assert spec.packages == ("ours==1.0+team", "torch==2.3.0+cu121")
    assert spec.options == ("--find-links https://download.pytorch.org/whl/cu121/torch/",)
    assert spec.notices == ("ours 1.0+team isn't on PyPI; --extra-index-url may say where it is",)


@pytest.mark.parametrize("has_backport", [False, True])
def test_what_an_interrupted_uninstall_left_is_passed_over(site, monkeypatch, has_backport):
    if has_backport:
        monkeypatch.setattr(sys, "meta_path", [Backport(), *sys.meta_path])
    site("numpy", "1.26.4")
    site("gone", metadata="")
    assert spec_of_notebook().packages == ("numpy==1.26.4",)


def test_of_two_of_a_name_it_is_the_one_that_is_imported(site, tmp_path, monkeypatch):
    site("numpy", "1.26.4")
    second = tmp_path / "second"
    (second / "numpy-1.0.dist-info").mkdir(parents=True)
    (second / "numpy-1.0.dist-info" / "METADATA").write_text("Name: numpy\nVersion: 1.0\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(second)])
    assert spec_of_notebook().packages == ("numpy==1.26.4",)


def test_this_python_can_be_written_down():
    spec = spec_of_notebook()
    assert f"pytest=={importlib.metadata.version('pytest')}" in spec.packages
    assert not [line for line in spec.packages if line.startswith("cellrun")]
