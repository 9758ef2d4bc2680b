"""Each kind of state is read, written as JSON or not, and set again; fresh libraries have nothing to tell."""

import decimal
import json
import logging
import random
import subprocess
import sys
import types
import warnings
from typing import ClassVar

import numpy as np
import pytest

from cellrun.core.context.manifest import Blob, State
from cellrun.core.context.state.table import TABLE, kind_of, plain_bytes

KINDS = {(kind.module, kind.what): kind for kind in TABLE}
NOTHING = Blob("0", 0)


def there_and_back(kind, module, needed=()):
    """What the state is after it went through JSON."""
    return json.loads(plain_bytes(kind.read(module, set(needed))))


def test_a_fresh_interpreter_has_only_generators():
    code = (
        "import sys, decimal, locale, logging, random, warnings, numpy, pandas, matplotlib.pyplot\n"
        "from cellrun.core.context.state.table import TABLE\n"
        "print([k.module for k in TABLE if k.module in sys.modules and k.read(sys.modules[k.module], ()) is not None])"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['random', 'numpy.random']\n"


def test_a_state_of_a_newer_cellrun_is_none_of_the_table():
    assert kind_of(State("random", "random generator", NOTHING)) is KINDS["random", "random generator"]
    assert kind_of(State("random", "something else", NOTHING)) is None


@pytest.mark.parametrize(
    ("value", "is_plain"),
    [
        (1.5, True),
        ({"a": [None, True, "x"]}, True),
        ((1, 2), True),
        ({1: 2}, False),
        (np.float64(1), False),
        (len, False),
    ],
)
def test_only_what_json_holds_exactly_is_plain(value, is_plain):
    assert (plain_bytes(value) is not None) == is_plain


def test_generators_draw_on():
    for name, draw in (("random", random.gauss), ("numpy.random", np.random.normal)):
        kind, module = KINDS[name, "random generator"], sys.modules[name]
        draw(0, 1)  # a second number is kept back
        before = there_and_back(kind, module)
        expected = [draw(0, 1) for _ in range(5)]
        kind.write(module, before)
        assert [draw(0, 1) for _ in range(5)] == expected


def test_decimal_traps_and_precision():
    kind = KINDS["decimal", "decimal context"]
    with decimal.localcontext() as context:
        context.prec, context.traps[decimal.Inexact] = 7, True
        state = there_and_back(kind, decimal)
    with decimal.localcontext():
        kind.write(decimal, state)
        assert decimal.getcontext().prec == 7
        assert decimal.getcontext().traps[decimal.Inexact]
        assert not decimal.getcontext().traps[decimal.Underflow]


@pytest.fixture
def loggers():
    """Loggers as in a fresh interpreter, but for what the test does."""
    root = logging.root
    level, handlers, named, disabled = (
        root.level,
        list(root.handlers),
        dict(root.manager.loggerDict),
        root.manager.disable,
    )
    root.handlers[:] = []
    root.manager.loggerDict.clear()
    root.setLevel(logging.WARNING)
    yield
    root.manager.loggerDict.clear()
    root.manager.loggerDict.update(named)
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.disable(disabled)


class TestLogging:
    kind = KINDS["logging", "levels and handlers"]

    def test_plain_settings_come_back(self, loggers, capsys):
        logging.basicConfig(
            format="{levelname}-{message}", style="{", stream=sys.stdout, level=logging.INFO, force=True
        )
        named = logging.getLogger("a.b")
        named.setLevel(logging.DEBUG)
        named.propagate = False
        state = there_and_back(self.kind, logging)
        logging.root.handlers.clear()
        logging.root.manager.loggerDict.clear()
        self.kind.write(logging, state)
        logging.getLogger().info("shown")
        logging.getLogger("a.b").debug("goes nowhere")
        logging.getLogger("other").debug("too low")
        assert capsys.readouterr().out == "INFO-shown\n"
        assert logging.getLogger("a.b").level == logging.DEBUG

    def test_handlers_that_somebody_else_has_set_stay(self, loggers):
        logging.basicConfig(force=True)
        state = there_and_back(self.kind, logging)
        mine = logging.NullHandler()
        logging.root.handlers[:] = [mine]
        self.kind.write(logging, state)
        assert logging.root.handlers == [mine]

    def test_what_a_kernel_sets_is_nothing(self, loggers):
        logging.getLogger("traitlets").addHandler(logging.StreamHandler())
        assert self.kind.read(logging, ()) is None

    def test_logging_can_be_off(self, loggers):
        logging.disable(logging.ERROR)
        state = there_and_back(self.kind, logging)
        logging.disable(logging.NOTSET)
        self.kind.write(logging, state)
        assert not logging.root.isEnabledFor(logging.ERROR)


class TestWarningFilters:
    kind = KINDS["warnings", "filters"]

    @pytest.fixture(autouse=True)
    def filters(self):
        with warnings.catch_warnings():
            yield

    def test_all_of_a_filter_comes_back(self):
        warnings.filterwarnings("error", message="abc.*", category=UserWarning, module="some.module", lineno=7)
        expected = list(warnings.filters)
        state = there_and_back(self.kind, warnings)
        warnings.resetwarnings()
        self.kind.write(warnings, state)
        assert warnings.filters == expected

    def test_one_of_a_category_that_is_not_loaded_waits(self):
        module = types.ModuleType("late_library")
        module.Odd = type("Odd", (Warning,), {"__module__": "late_library"})
        sys.modules["late_library"] = module
        warnings.simplefilter("ignore", module.Odd)
        state = there_and_back(self.kind, warnings)
        assert "late_library" in state["imports"]
        del sys.modules["late_library"]
        self.kind.write(warnings, state)
        assert not any(each[2] is module.Odd for each in warnings.filters)
        sys.modules["late_library"] = module
        self.kind.write_again(warnings, state)
        assert warnings.filters[0] == ("ignore", None, module.Odd, None, 0)
        del sys.modules["late_library"]

    def test_modules_that_are_loaded_and_needed_are_waited_for(self):
        warnings.simplefilter("ignore")
        assert {"numpy", "IPython"} <= set(there_and_back(self.kind, warnings, ["numpy", "json"])["imports"])
        assert "json" not in there_and_back(self.kind, warnings, ["numpy", "json"])["imports"]


class FakeTensor:
    def __init__(self, values):
        self._values = values

    def tolist(self):
        return self._values


@pytest.fixture
def torch():
    """As much of torch as its state needs."""
    module = types.ModuleType("torch")
    module.uint8, module.float32, module.float64 = "torch.uint8", "torch.float32", "torch.float64"
    module.set = {"dtype": "torch.float32", "grad": True, "rng": FakeTensor([1, 2, 255])}
    module._tensor_str = types.SimpleNamespace(
        PRINT_OPTS=types.SimpleNamespace(precision=4, threshold=1000, edgeitems=3, linewidth=80, sci_mode=None)
    )
    module.tensor = lambda values, dtype: FakeTensor(values)
    module.get_rng_state = lambda: module.set["rng"]
    module.set_rng_state = lambda state: module.set.update(rng=state)
    module.get_default_dtype = lambda: module.set["dtype"]
    module.set_default_dtype = lambda kind: module.set.update(dtype=kind)
    module.is_grad_enabled = lambda: module.set["grad"]
    module.set_grad_enabled = lambda is_on: module.set.update(grad=is_on)
    module.set_printoptions = lambda **given: vars(module._tensor_str.PRINT_OPTS).update(given)
    return module


class TestTorch:
    def test_its_generator(self, torch):
        kind = KINDS["torch", "random generator"]
        state = there_and_back(kind, torch)
        torch.set["rng"] = None
        kind.write(torch, state)
        assert torch.get_rng_state().tolist() == [1, 2, 255]

    def test_its_options(self, torch):
        kind = KINDS["torch", "options"]
        assert kind.read(torch, ()) is None
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        torch.set_printoptions(precision=2)
        state = there_and_back(kind, torch)
        assert state == {"print": {"precision": 2}, "dtype": "float64", "grad": False}
        torch.set_default_dtype(torch.float32)
        torch.set_grad_enabled(True)
        torch.set_printoptions(precision=4)
        kind.write(torch, state)
        assert (torch.set["dtype"], torch.set["grad"]) == ("torch.float64", False)
        assert torch._tensor_str.PRINT_OPTS.precision == 2


def test_settings_of_sympys_printers():
    class Printer:
        """As in sympy: `init_printing(order="lex")` sets them."""

        _global_settings: ClassVar = {"order": "lex"}

        @classmethod
        def set_global_settings(cls, **settings):
            cls._global_settings.update(settings)

    kind, module = KINDS["sympy.printing.printer", "settings"], types.SimpleNamespace(Printer=Printer)
    state = there_and_back(kind, module)
    Printer._global_settings = {}
    assert kind.read(module, {"sympy"}) is None
    kind.write(module, state)
    assert Printer._global_settings == {"order": "lex"}
