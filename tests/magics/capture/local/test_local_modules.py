"""Which modules are the user's own, and what they import."""

import importlib
import sys
import types

import pytest

from cellrun.magics.capture.local.local_modules import find_local, imported_by, names_of_star, why_unfound


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_python_and_the_environment_are_not_local():
    for name in ("json", "sys", "numpy", "pytest", "_socket", "__main__", "encodings", "no_such_module", "cellrun"):
        assert find_local(name) == []


def test_a_file_and_a_package_beside_the_notebook(folder):
    (folder / "alone_here.py").write_text("")
    (folder / "packed_here").mkdir()
    (folder / "packed_here" / "__init__.py").write_text("raise RuntimeError('never imported')")
    assert find_local("alone_here") == [folder / "alone_here.py"]
    assert find_local("packed_here") == [folder / "packed_here"]
    assert "packed_here" not in sys.modules


def test_a_folder_without_init(folder):
    (folder / "spacious").mkdir()
    (folder / "spacious" / "inner.py").write_text("")
    assert find_local("spacious") == [folder / "spacious"]


def test_what_is_installed_there_is_not_local(folder, monkeypatch):
    site = folder / "env" / "site-packages"
    site.mkdir(parents=True)
    (site / "installed_thing.py").write_text("")
    monkeypatch.syspath_prepend(str(site))
    assert find_local("installed_thing") == []


def test_what_an_installer_recorded_in_any_folder_is_not_local(folder):
    """As `pip install --target` leaves it; a project that was built in place is still the user's own."""
    for name in ("targeted", "of_mine"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text("")
    (folder / "single.py").write_text("")
    (folder / "targeted-1.0.dist-info").mkdir()
    (folder / "targeted-1.0.dist-info" / "METADATA").write_text("Name: targeted\nVersion: 1.0\n")
    (folder / "targeted-1.0.dist-info" / "RECORD").write_text("targeted/__init__.py,sha256=x,0\nsingle.py,,\n")
    (folder / "of_mine.egg-info").mkdir()
    (folder / "of_mine.egg-info" / "PKG-INFO").write_text("Name: of_mine\nVersion: 1.0\n")
    (folder / "of_mine.egg-info" / "SOURCES.txt").write_text("of_mine/__init__.py\n")
    assert find_local("targeted") == find_local("single") == []
    assert find_local("of_mine") == [folder / "of_mine"]


def test_imports_anywhere_in_a_file(folder):
    file = folder / "m.py"
    file.write_text(
        "import a.b\nfrom c import d\nfrom . import e\nfrom .f import g\n"
        "def h():\n    import i\n    return importlib.import_module('j.k'), __import__('l')\n"
    )
    assert imported_by(file) == {"a", "c", "i", "j", "l"}
    file.write_text("import changed_since")
    assert imported_by(file) == {"changed_since"}


def test_a_file_that_is_no_python_imports_nothing(folder):
    file = folder / "template.py"
    file.write_text("{{ not python }} import x")
    assert imported_by(file) == frozenset()


def test_one_that_hides_a_module_of_python(folder, monkeypatch):
    (folder / "colorsys.py").write_text("V = 1\n")
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    assert find_local("colorsys") == []
    importlib.import_module("colorsys")
    assert find_local("colorsys") == [folder / "colorsys.py"]
    sys.modules.pop("colorsys")


def test_why_a_loaded_module_is_not_found_again(folder, monkeypatch):
    (folder / "gone_soon.py").write_text("")
    importlib.import_module("gone_soon")
    assert why_unfound("gone_soon") == ""
    (folder / "gone_soon.py").unlink()
    assert "gone_soon.py, which isn't there any more" in why_unfound("gone_soon")
    sys.modules.pop("gone_soon")
    made = types.ModuleType("made_here")
    monkeypatch.setitem(sys.modules, "made_here", made)
    assert why_unfound("made_here") == ""  # as compiled modules make some
    exec("def f(): pass", vars(made))
    assert "made in memory" in why_unfound("made_here")
    assert why_unfound("never_loaded") == ""


def test_names_of_star(folder):
    (folder / "starry.py").write_text("from math import pi\nA = 1\ndef f(): pass\n")
    assert set(names_of_star("starry")) == {"pi", "A", "f"}
    assert "join" in names_of_star("os.path")
    assert "starry" not in sys.modules
