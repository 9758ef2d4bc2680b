"""The state of libraries goes along: the run draws and prints as the kernel would."""

import csv
import decimal
import locale
import logging
import multiprocessing as mp
import socket
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from cellrun.core.context.manifest import Context
from tests.magics.notebook_shell import log, newest_run


def states(run):
    return {(each.module, each.what) for each in Context.read(run.layout.context).state}


def _undo_libraries():
    if "sklearn" in sys.modules:
        sys.modules["sklearn"].set_config(transform_output="default")
    if "plotly.io" in sys.modules:
        sys.modules["plotly.io"].templates.default = "plotly"
        vars(sys.modules["plotly.io"].templates)["_templates"].pop("own", None)
    for kind in (pd.DataFrame, pd.Series):
        for name in ("progress_apply", "progress_map", "progress_applymap"):
            if name in vars(kind):
                delattr(kind, name)


@pytest.fixture(autouse=True)
def as_before():
    """What a test sets in this process is undone."""
    digits, method, field = sys.get_int_max_str_digits(), mp.get_start_method(allow_none=True), csv.field_size_limit()
    limit, level, place = sys.getrecursionlimit(), logging.root.level, locale.setlocale(locale.LC_ALL)
    context = decimal.getcontext().copy()
    handlers = list(logging.root.handlers)
    with np.printoptions():
        yield
    sys.setrecursionlimit(limit)
    sys.set_int_max_str_digits(digits)
    mp.set_start_method(method, force=True)
    csv.field_size_limit(field)
    if "semi" in csv.list_dialects():
        csv.unregister_dialect("semi")
    socket.setdefaulttimeout(None)
    _undo_libraries()
    decimal.setcontext(context)
    for name in ("display.max_rows", "display.float_format"):
        pd.reset_option(name)
    if "matplotlib" in sys.modules:
        sys.modules["matplotlib"].rcdefaults()
    logging.getLogger("mine").setLevel(logging.NOTSET)
    logging.root.setLevel(level)
    logging.root.handlers[:] = handlers
    locale.setlocale(locale.LC_ALL, place)


@pytest.mark.parametrize(
    ("setup", "cell"),
    [
        ("import random\nrandom.seed(7)\nrandom.random()", "print(random.random(), random.gauss(0, 1))"),
        ("import random\nrandom.seed(7)", "import random\nprint(random.sample(range(100), 5))"),
        ("import random", "print(random.random())"),
        ("import numpy as np\nnp.random.seed(3)\nnp.random.rand()\nnp.random.randn()", "print(np.random.randn(3))"),
        ("import numpy as np\nnp.random.seed(3)", "import numpy\nnumpy.random.shuffle(x := [1, 2, 3, 4])\nprint(x)"),
        ("import numpy as np\ndef draw(): return np.random.rand()", "print(draw())"),
        ("import numpy as np\nnp.set_printoptions(precision=2, suppress=True)", "print(np.array([1 / 3, 1e-9]))"),
        (
            "import numpy as np\nnp.set_printoptions(formatter={'float': lambda x: f'<{x:.1f}>'})",
            "import numpy as np\nprint(np.array([1 / 3]))",
        ),
        (
            (
                "import pandas as pd, numpy as np\nfrom tqdm import tqdm\n"
                "mark = '!'\npd.options.display.float_format = lambda x: f'{x:.1f}{mark}'\n"
                "pd.set_option('display.max_rows', 4)\ntqdm.pandas(disable=True)\n"
                "s = pd.Series(range(50))\nnp.random.seed(1)"
            ),
            (
                "print(s.sample(3))  # numpy's generator\nprint(s)\nprint(pd.Series([1 / 3]))\n"
                "print(s.progress_apply(lambda x: 2 * x).sum())"
            ),
        ),
        ("import pandas as pd\npd.options.display.float_format = '{:.1f}'.format", "print(pd.Series([1 / 3]))"),
        (
            "import matplotlib.pyplot as plt\nplt.style.use('ggplot')\nplt.rcParams['figure.figsize'] = (3, 2)",
            "import matplotlib.pyplot as p\nprint(p.rcParams['figure.figsize'], p.rcParams['axes.prop_cycle'])",
        ),
        ("from decimal import *\ngetcontext().prec = 5", "print(Decimal(1) / 3)"),
        ("import sys\nsys.setrecursionlimit(4321)", "import sys\nprint(sys.getrecursionlimit())"),
        ("import sys\nsys.set_int_max_str_digits(0)", "print(len(str(10**5000)))"),
        (
            "import csv\ncsv.register_dialect('semi', delimiter=';')\nfield = csv.field_size_limit(99)",
            "print([*csv.reader(['a;b'], 'semi')], csv.field_size_limit())",
        ),
        ("import socket\nsocket.setdefaulttimeout(7)", "print(socket.getdefaulttimeout())"),
        (
            "import multiprocessing as mp\nmp.set_start_method('spawn', force=True)",
            "print(mp.get_start_method(allow_none=True))",
        ),
        (
            (
                "import numpy as np, sklearn\nfrom sklearn.preprocessing import StandardScaler\n"
                "sklearn.set_config(transform_output='pandas')\nscaler = StandardScaler()"
            ),
            "print(type(scaler.fit_transform(np.ones((2, 1)))))",
        ),
        (
            (
                "import plotly.io as pio, plotly.graph_objects as go\n"
                "pio.templates['own'] = go.layout.Template(layout={'title': {'text': 'T'}})\n"
                "pio.templates.default = 'plotly_dark+own'"
            ),
            (
                "import plotly.graph_objects as go\nprint(go.Figure().layout.template.layout.title.text)\n"
                "print(go.Figure().layout.template.layout.paper_bgcolor)"
            ),
        ),
        ("import locale\nlocale.setlocale(locale.LC_NUMERIC, 'C.UTF-8')", "import locale\nprint(locale.setlocale(1))"),
    ],
)
def test_the_run_goes_on_as_the_notebook_would(notebook, setup, cell):
    notebook.run(setup)
    run = notebook.submit(cell)
    run_printed = log(run)
    assert run_printed == notebook.run(cell)


FRESH = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell("%load_ext cellrun.magics")
shell.run_cell("import numpy as np, pandas as pd, decimal")
shell.run_cell("%%submit --wait\\nprint(np.zeros(2), pd.Series([1]), decimal.Decimal(1))").raise_error()
"""


def test_what_is_as_in_a_fresh_interpreter_stays_at_home(notebook):
    subprocess.run([sys.executable, "-c", FRESH], cwd=notebook.folder, check=True, capture_output=True)
    captured = Context.read(newest_run().layout.context)
    assert {(each.module, each.what) for each in captured.state} == {("numpy.random", "random generator")}


def test_what_the_cell_does_not_use_stays_at_home(notebook):
    notebook.run("import random, numpy as np\nrandom.seed(1)\nnp.set_printoptions(precision=2)\nx = 1")
    assert states(notebook.submit("print(x)")) == set()


def test_numpy_may_raise_what_it_only_warned_of(notebook):
    notebook.run("import numpy as np\nbefore = np.seterr(all='raise')")
    try:
        printed = notebook.prints("try:\n    np.ones(1) / 0\nexcept FloatingPointError as e:\n    print(e)")
    finally:
        notebook.run("np.seterr(**before)")
    assert printed == "divide by zero encountered in divide\n"


class TestWarnings:
    @pytest.mark.parametrize("filters", ["'ignore'", "'ignore', message='.*two'", "'ignore', category=UserWarning"])
    def test_silenced_ones_stay_silent(self, notebook, filters):
        notebook.run(f"import warnings\nwarnings.filterwarnings({filters})")
        assert notebook.prints("import warnings\nwarnings.warn('one two')\nprint('done')") == "done\n"

    def test_others_still_show(self, notebook):
        notebook.run("import warnings\nwarnings.filterwarnings('ignore', category=FutureWarning)")
        assert "UserWarning: seen" in notebook.prints("warnings.warn('seen')\nwarnings.warn('not', FutureWarning)")

    def test_they_may_be_errors(self, notebook):
        notebook.run("import warnings\nwarnings.simplefilter('error')")
        assert notebook.submit("warnings.warn('no more')").get_status() == "Failed"

    def test_a_module_that_the_cell_imports_does_not_undo_them(self, notebook):
        (notebook.folder / "noisy.py").write_text("import warnings\nwarnings.simplefilter('always', UserWarning)\n")
        notebook.run("import noisy, warnings\nwarnings.filterwarnings('ignore')")
        assert notebook.prints("import noisy, warnings\nwarnings.warn('x')\nprint('done')") == "done\n"

    def test_what_the_cell_sets_itself_counts_first(self, notebook):
        (notebook.folder / "noisy.py").write_text("import warnings\nwarnings.simplefilter('always', UserWarning)\n")
        notebook.run("import noisy, warnings\nwarnings.filterwarnings('ignore')")
        printed = notebook.prints("import warnings\nwarnings.simplefilter('default')\nimport noisy\nwarnings.warn('x')")
        assert "UserWarning: x" in printed

    def test_of_a_library_that_is_not_loaded_yet(self, notebook):
        notebook.run(
            "import pandas as pd, warnings\nwarnings.simplefilter('ignore', pd.errors.PerformanceWarning)\n"
            "warnings.simplefilter('error', UserWarning)"
        )
        notebook.run("del pd")
        cell = "import sys, warnings\nprint('pandas' in sys.modules)\nfrom pandas.errors import PerformanceWarning\n"
        assert notebook.prints(f"{cell}warnings.warn('slow', PerformanceWarning)") == "False\n"


class TestLogging:
    def test_level_and_format(self, notebook):
        notebook.run(
            "import logging\n"
            "logging.basicConfig(level=logging.INFO, format='%(levelname)s/%(name)s: %(message)s', force=True)\n"
            "log = logging.getLogger('mine')\nlog.setLevel(logging.DEBUG)"
        )
        printed = notebook.prints("log.debug('a')\nlogging.info('b')\nlogging.getLogger('other').debug('no')")
        assert printed == "DEBUG/mine: a\nINFO/root: b\n"

    def test_handlers_of_the_notebook_go_on_and_are_what_its_names_say(self, notebook):
        notebook.run(
            "import logging\nseen = []\nclass Keep(logging.Handler):\n    def __init__(self, to):\n"
            "        super().__init__(); self.to = to\n    def emit(self, record): self.to.append(record.msg)\n"
            "log = logging.getLogger('mine')\nkeep = Keep(seen)\nlog.addHandler(keep)"
        )
        try:
            cell = "logging.getLogger('mine').error('a')\nprint(seen)\n"
            assert notebook.prints(cell) == "['a']\n"
            held = "print(keep.to is seen, keep in log.handlers)\nlog.removeHandler(keep)\nlog.error('b')\nprint(seen)"
            assert notebook.prints(cell + held) == "['a']\nTrue True\nb\n['a']\n"
        finally:
            logging.getLogger("mine").handlers.clear()

    def test_own_formatters_and_filters_do_their_work(self, notebook):
        notebook.run(
            "import logging, sys\nclass Loud(logging.Formatter):\n"
            "    def format(self, record): return super().format(record).upper()\n"
            "log = logging.getLogger('mine')\nhandler = logging.StreamHandler(sys.__stdout__)\n"
            "handler.setFormatter(Loud())\nhandler.addFilter(lambda record: 'no' not in record.msg)\n"
            "log.addHandler(handler)"
        )
        try:
            assert notebook.prints("log.error('yes')\nlog.error('no')") == "YES\n"
        finally:
            logging.getLogger("mine").handlers.clear()

    def test_without_any_setting_only_warnings_show(self, notebook):
        notebook.run("import logging")
        assert notebook.prints("logging.info('no')\nlogging.warning('yes')") == "WARNING:root:yes\n"

    def test_a_handler_of_a_package_is_the_notebooks_alone_and_that_is_said(self, notebook):
        notebook.run("import logging, queue\nfrom logging.handlers import QueueHandler")
        notebook.run("log = logging.getLogger('mine')\nlog.addHandler(QueueHandler(queue.Queue()))")
        try:
            assert "have a QueueHandler, the run's don't" in notebook.run("%%submit\nlog.warning('w')")
            adds = "log.handlers[:] = [QueueHandler(queue.Queue())]\nlog.warning('w')"
            assert "QueueHandler, the run's don't" not in notebook.run(f"%%submit\n{adds}")
        finally:
            logging.getLogger("mine").handlers.clear()

    def test_a_file_is_the_notebooks_alone_and_that_is_said(self, notebook):
        notebook.run("import logging\nlogging.root.addHandler(logging.FileHandler('app.log'))")
        printed = notebook.run("%%submit\nlogging.warning('w')")
        adds = notebook.run("%%submit --dry\nlogging.basicConfig(filename='own.log')\nlogging.warning('w')")
        assert "write to" not in adds
        logging.root.handlers.pop().close()
        assert f"write to {notebook.folder / 'app.log'}" in printed
        newest_run().wait_for_completion()
        assert "w" not in (notebook.folder / "app.log").read_text()


def test_an_option_that_cannot_travel_is_said_and_the_others_go(notebook):
    notebook.run("import pandas as pd, threading\nlock = threading.Lock()\npd.set_option('display.max_rows', 5)")
    notebook.run("def shown(x, lock=lock): return 'locked'\npd.set_option('display.float_format', shown)")
    printed = notebook.run("%%submit\nprint(pd.get_option('display.max_rows'))")
    assert "pandas's options: display.float_format stays behind" in printed
    run = newest_run()
    run.wait_for_completion()
    assert run.layout.log.read_text() == "5\n"


def test_error_handlers_of_codecs_stay_behind_and_that_is_said(notebook):
    notebook.run("import codecs\ncodecs.register_error('stars', lambda error: ('*', error.end))")
    assert "call codecs.register_error in the cell" in notebook.run("%%submit\nprint(1)")


def test_the_account_has_a_line_for_each(notebook):
    notebook.run("import numpy as np")
    run = notebook.submit("print(np.random.rand() < 2)")
    rows = [(need.what, need.kind, need.how) for need in Context.read(run.layout.context).needs]
    assert ("random generator", "state", "state") in rows


def test_spawned_processes_begin_with_fresh_libraries_as_a_kernels_do(notebook):
    notebook.run("import numpy as np\nnp.set_printoptions(precision=2)\ndef shown(x): return str(np.array([x]))")
    pool = "with mp.get_context('spawn').Pool(1) as pool:\n    print(pool.map(shown, [1 / 3]))"
    assert notebook.prints(f"import multiprocessing as mp\n{pool}") == "['[0.33333333]']\n"
