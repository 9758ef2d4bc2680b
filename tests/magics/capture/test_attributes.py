"""What cells changed in modules travels: each run prints what the notebook prints."""

import builtins
import os
import time

import numpy as np
import pandas as pd
import pytest

from cellrun.core.context.manifest import Context
from tests.magics.notebook_shell import log

CONFIG = """\
LR = 0.1
SIZES = [1, 2]
CACHE = {}
count = 0
class Config:
    lr = 0.1
    def f(self): return self.lr
class Settings: pass
settings = Settings()
settings.a = 1
class _Missing: pass
MISSING = _Missing()
def is_missing(x=MISSING): return x is MISSING
def bump():
    global count
    count += 1
    return count
def get(): return LR, SIZES, CACHE, Config.lr, settings.a
def twice(x): return 2 * x
from collections import defaultdict
COUNTS = defaultdict(int)
def add(key): COUNTS[key] += 1
def total(): return dict(COUNTS)
class Registry:
    def __init__(self): self.made = {}
    def register(self, f):
        self.made[f.__name__] = f
        return f
MODELS = Registry()
def build(name): return MODELS.made[name]()
"""
TRAIN = "from config import LR\nimport config\ndef go(): return LR, config.LR\n"

ACCESSOR = """\
@pd.api.extensions.register_dataframe_accessor('geo')
class Geo:
    def __init__(self, frame): self.frame = frame
    def n(self): return len(self.frame)
"""


@pytest.fixture
def modules(notebook):
    (notebook.folder / "config.py").write_text(CONFIG)
    (notebook.folder / "train.py").write_text(TRAIN)
    (notebook.folder / "deep").mkdir()
    (notebook.folder / "deep" / "__init__.py").write_text("")
    (notebook.folder / "deep" / "conf.py").write_text("A = 1\n")
    (notebook.folder / "deep" / "mod.py").write_text(
        "from .conf import A\nfrom . import conf\nB = lambda: (A, conf.A)\n"
    )
    notebook.run("import config, numpy as np, pandas as pd")
    yield notebook
    for owner, name in ((pd.DataFrame, "geo"), (pd.DataFrame, "peek"), (np, "real_number")):
        if name in vars(owner):
            delattr(owner, name)
    pd.DataFrame._accessors.discard("geo")


def attributes(run) -> set[str]:
    """The names below modules that were captured."""
    return {name for group in Context.read(run.layout.context).groups for name in group.names if ":" in name}


@pytest.mark.parametrize(
    ("setup", "cell"),
    [
        ("config.LR = 3", "print(config.LR, config.get())"),
        ("config.SIZES.append(3); config.CACHE['x'] = 1", "print(config.get())"),
        ("from config import Config\nConfig.lr = 5", "print(config.get(), Config().f())"),
        ("config.settings.a = 7", "print(config.get())"),
        ("config.settings = config.Settings(); config.settings.a = 8", "print(config.get())"),
        ("from config import settings\nsettings.a = 7", "settings.a += 1\nprint(config.get(), settings.a)"),
        ("holder = {'c': config.CACHE}", "holder['c']['k'] = 2\nprint(config.get())"),
        ("config.bump(); config.bump()", "print(config.bump())"),
        ("config.NEW = 5", "print(config.NEW)"),
        ("setattr(config, 'LR', 9)", "print(config.LR)"),
        ("import train\nconfig.LR = 3", "print(train.go())"),
        ("config.LR = 3", "import train\nprint(train.go())"),
        ("from deep import mod\nimport deep.conf\ndeep.conf.A = 5", "print(mod.B())"),
        ("k = 10\ndef mine(x): return k * x\nconfig.twice = mine", "print(config.twice(2))"),
        ("config.twice = lambda x: x + 1", "print(config.twice(2))"),
        ("def f(self): return 'mine'\nconfig.Config.f = f", "print(config.Config().f())"),
        ("def use(): return config.get()\nconfig.LR = 4", "print(use())"),
        ("x = config.MISSING", "print(config.is_missing(x), config.is_missing(), x is config.MISSING)"),
        ("def peek(self): return len(self)\npd.DataFrame.peek = peek", "print(pd.DataFrame({'a': [1]}).peek())"),
        ("np.real_number = float", "print(np.real_number(3))"),
        ("from config import settings\nsettings.a = 7", "import config\nprint(config.get())"),
        ("config.add('k')", "print(config.total())"),
        ("@config.MODELS.register\ndef mine(): return 'm'", "print(config.build('mine'))"),
        (
            "from config import MODELS\n@MODELS.register\ndef mine(): return 'm'",
            "from config import build\nprint(build('mine'))",
        ),
        (ACCESSOR, "print(pd.DataFrame({'a': [1]}).geo.n())"),
    ],
)
def test_the_run_prints_what_the_notebook_prints(modules, setup, cell):
    modules.run(setup)
    assert modules.prints(cell) == modules.run(cell)


def test_only_what_differs_travels(modules):
    modules.run("config.LR = 3\nconfig.CACHE['k'] = 1\nnp.random.seed(1)\npd.options.display.width = 70")
    run = modules.submit("print(config.get(), np.ones(1), pd.DataFrame())")
    assert attributes(run) == {"config:LR", "config:CACHE"}
    names = {need.name for need in Context.read(run.layout.context).needs}
    assert {"config.LR", "config.CACHE"} <= names


def test_what_cannot_travel_stays_behind_and_is_said(modules):
    modules.run("import threading\nconfig.lock = threading.Lock()\nconfig.CACHE['big'] = bytearray(20_000_000)")
    printed = modules.run("%%submit --wait\nprint(config.twice(1), config.CACHE)")
    assert "config.lock (line 2) stays behind: config.lock is a lock" in printed
    assert "config.CACHE (line 2) stays behind" in printed
    assert "2 {}" in printed


def test_the_version_on_disk_goes_and_what_differs_is_said(modules):
    (modules.folder / "config.py").write_text(CONFIG.replace("2 * x", "3 * x").replace("LR = 0.1", "LR = 0.2"))
    modules.run("config.SIZES = [7]")  # by a cell: this travels all the same
    printed = modules.run("%%submit --wait\nprint(config.twice(1), config.LR, config.SIZES)")
    assert "config.py isn't as it was imported: twice, LR" in printed
    assert "the version on disk goes" in printed
    assert "3 0.2 [7]" in printed


def test_a_module_that_autoreload_has_brought_up_to_date_is_not_spoken_of(modules):
    modules.run("%load_ext autoreload\n%autoreload 2")
    file = modules.folder / "config.py"
    file.write_text(CONFIG.replace("2 * x", "3 * x"))
    os.utime(file, (time.time() + 5, time.time() + 5))  # autoreload goes by the time
    assert modules.run("print(config.twice(1))") == "3\n"
    printed = modules.run("%%submit --wait\nprint(config.twice(1))")
    assert "isn't as it was" not in printed
    assert "3" in printed.splitlines()


def test_what_cells_made_known_to_all_modules(notebook):
    (notebook.folder / "user.py").write_text("def go(): return helper(2)\n")
    notebook.run("import builtins, user\ndef double(x): return 2 * x\nbuiltins.helper = double")
    try:
        assert notebook.prints("print(helper(1), user.go())") == "2 4\n"
    finally:
        del builtins.helper


COMPUTED = """\
import itertools, os, random, time, uuid
from pathlib import Path
RUN_ID = uuid.uuid4().hex
T0 = time.time()
MODE = os.environ.get('MODE_X', 'none')
KEY = os.environ.get('KEY_X')
HERE = os.path.dirname(os.path.abspath(__file__))
WORD = ' '.join(['a', 'b'])
rng = random.Random()
ids = itertools.count()
next(ids)
"""


def test_what_an_import_computed_is_not_computed_again(notebook, monkeypatch):
    monkeypatch.setenv("KEY_X", "s3cret")
    monkeypatch.setenv("MODE_X", "fast")
    (notebook.folder / "state.py").write_text(COMPUTED)
    notebook.run("import state\nfirst = next(state.ids), state.rng.random()")
    monkeypatch.setenv("MODE_X", "slow")
    cell = "import os\nprint(state.RUN_ID, state.T0, state.MODE, state.KEY, next(state.ids), state.rng.random())"
    run = notebook.submit(f"{cell}\nprint(os.path.samefile(state.HERE, os.path.dirname(state.__file__)))")
    assert log(run) == notebook.run(cell) + "True\n"
    names = {need.name for need in Context.read(run.layout.context).needs}
    assert {"state.RUN_ID", "state.MODE", "state.rng"} <= names
    assert names.isdisjoint({"state.KEY", "state.HERE", "state.WORD"})
