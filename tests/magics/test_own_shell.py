"""What a notebook has made of its shell: magics of its own, settings of the display, names by the shell.

The notebook's own shell, which runs the same cell, says what a run has to print.
"""

import pytest
from IPython.core.interactiveshell import InteractiveShell

from cellrun.core import Run
from cellrun.core.errors import InvalidSubmissionError

MAGICS = "from IPython.core.magic import *\n"
SHOUT = f"{MAGICS}@register_line_magic\ndef shout(line):\n    return line.upper() + mark\nmark = '!'"
SHOW = "def show(line, local_ns=None):\n    print(local_ns[line + 'z'])\nzz = 4"
DEEP = "def g(x): return x + 1\ndef h(x): return 2 * x\ndef f(x): return h(x)"
SHOUTER = f"""{MAGICS}
@magics_class
class Shouter(Magics):
    mark = "!"
    def __init__(self, shell, count=2):
        super().__init__(shell)
        self.count = count
    @line_cell_magic
    def shout(self, line, cell=""):
        return (line + cell).strip().upper() + self.mark * self.count + end
end = "?"
"""
ECHO = "%config InteractiveShell.ast_node_interactivity="
EXTENSION = """from IPython.core.magic import register_line_magic
import words

def load_ipython_extension(shell):
    @register_line_magic
    def shout(line):
        return line.upper() + words.MARK
"""


pytestmark = pytest.mark.usefixtures("jobs_that_show")


def printed_alike(notebook, cell):
    """The cell prints the same in the notebook and in a run."""
    printed = notebook.prints(cell)
    assert printed == notebook.run(cell)
    return printed


class TestMagics:
    @pytest.mark.parametrize(
        ("setup", "cell"),
        [
            (SHOUT, "x = %shout hey\nprint(x)"),
            (f"{SHOUT}\ndel shout", "x = %shout hey\nprint(x)"),
            (f"{SHOUT}\ndef f():\n    return get_ipython().run_line_magic('shout', 'hey')", "print(f())"),
            (SHOUT, "def f():\n    x = %shout hey\n    return x\nprint(f())"),
            (SHOUT, "if 1:\n    x = %shout $mark\n    print(x)"),
            (f"{SHOUT}\n%alias_magic cry shout", "x = %cry hey\nprint(x)"),
            (f"{MAGICS}@register_cell_magic\ndef twice(line, cell):\n    print(eval(cell) * 2)\nzz = 4", "%%twice\nzz"),
            (
                f"{MAGICS}@register_cell_magic\ndef twice(line, cell):\n    get_ipython().run_cell(cell * 2)\nzz = 4",
                "%%twice\nprint(zz)",
            ),
            (
                f"{MAGICS}@register_line_magic\n@needs_local_scope\n{SHOW}",
                "%show z",
            ),
            (f"{MAGICS}@register_line_magic\ndef told(line):\n    print(get_ipython().ev(line))\n{DEEP}", "%told f(3)"),
            (
                (
                    f"{MAGICS}@register_line_magic\ndef told(line):\n    _, name, code = line.split()\n"
                    f"    print(get_ipython().ev(name)(2), get_ipython().ev(code))\n{DEEP}"
                ),
                "%told -f g f(3)",
            ),
            (f"{SHOUTER}get_ipython().register_magics(Shouter)", "x = %shout hey\nprint(x)"),
            (f"{SHOUTER}get_ipython().register_magics(Shouter(get_ipython(), 3))", "x = %shout hey\nprint(x)"),
        ],
    )
    def test_the_notebooks_own_travel(self, notebook, setup, cell):
        notebook.run(setup)
        assert printed_alike(notebook, cell)

    def test_those_of_a_local_extension_with_what_it_imports(self, notebook):
        (notebook.folder / "shouting.py").write_text(EXTENSION)
        (notebook.folder / "words.py").write_text("MARK = '!'\n")
        notebook.run("%load_ext shouting")
        assert notebook.prints("x = %shout hey\nprint(x)") == "HEY!\n"

    def test_a_local_extension_that_the_cell_loads_itself(self, notebook):
        (notebook.folder / "shouting.py").write_text(EXTENSION)
        (notebook.folder / "words.py").write_text("MARK = '!'\n")
        assert notebook.prints("%load_ext shouting\nx = %shout hey\nprint(x)") == "HEY!\n"

    def test_one_that_a_local_module_registers_when_it_is_imported(self, notebook):
        (notebook.folder / "shouting.py").write_text(f"{SHOUT}\ndef quiet(): return get_ipython() is not None\n")
        assert printed_alike(notebook, "import shouting\nx = %shout hey\nprint(x, shouting.quiet())") == "HEY! True\n"
        assert printed_alike(notebook, "x = %shout hey\nprint(x)") == "HEY!\n"

    def test_those_of_an_installed_extension(self, notebook):
        notebook.run("%load_ext autoreload")
        assert notebook.prints("%autoreload 2\nprint(1)") == "1\n"

    def test_aliases(self, notebook):
        notebook.run("%alias hi echo hi")
        assert notebook.prints("%hi there") == "hi there\n"

    def test_one_that_cannot_travel_is_refused_with_its_line(self, notebook):
        notebook.run(f"{MAGICS}import threading\nlock = threading.Lock()")
        notebook.run("@register_line_magic\ndef locked(line, lock=lock):\n    return lock")
        with pytest.raises(InvalidSubmissionError, match=r"locked.*is a lock.*line 3"):
            notebook.run("%%submit\n1\n%locked\n")
        notebook.run("del locked")
        with pytest.raises(InvalidSubmissionError, match=r"the magic %locked can't be captured: a lock.*line 3"):
            notebook.run("%%submit\n1\n%locked\n")
        notebook.run("%load_ext storemagic")
        with pytest.raises(InvalidSubmissionError, match="the magic %store can't be captured: it keeps values in"):
            notebook.run("%%submit\n%store -r x")

    def test_words_that_are_names_of_magics_too(self, notebook):
        notebook.run("words = ['less', 'more', 'man', 'store']\n%load_ext storemagic")
        notebook.run("def count():\n    get_ipython().run_line_magic('who', 'dict')\n    return len(words)")
        assert notebook.prints("n = 0\n%time n = len(words + ['less'])\nprint(n)").endswith("5\n")
        assert notebook.prints("print(count())").endswith("4\n")

    def test_one_that_only_a_variable_names(self, notebook):
        notebook.run(f"{SHOUT}\nname = 'shout'\ndef f():\n    return get_ipython().run_line_magic(name, 'hey')")
        assert notebook.prints("print(f())") == "HEY!\n"
        assert notebook.prints("print(get_ipython().run_line_magic(name, 'you'))") == "YOU!\n"

    def test_what_the_cell_does_not_use_stays_at_home(self, notebook):
        notebook.run(SHOUT)
        run: Run = notebook.submit("print(1)")
        assert "mark" not in (run.layout.context / "context.json").read_text()


class TestSettings:
    @pytest.mark.parametrize(
        ("setup", "cell", "expected"),
        [
            (f"{ECHO}'all'", "1\nx = 2\nfor i in range(2): i\n3", "1\n0\n1\n3\n"),
            (f"{ECHO}'all'", "1\n2;", ""),
            (f"{ECHO}'none'", "1\n2", ""),
            (f"{ECHO}'last'", "1\nfor i in range(2): i", "0\n1\n"),
            (f"{ECHO}'last_expr_or_assign'", "1\nx = 2", "2\n"),
            (f"{ECHO}'last_expr_or_assign'", "x = 1\nx += 2", "3\n"),
            (f"{ECHO}'last_expr_or_assign'", "x: int = 1;", ""),
            (f"{ECHO}'all'", "%time 1\nget_ipython().run_cell('2\\n3');", None),
            ("%precision 2", "1 / 3", "0.33\n"),
            ("%precision 2", "[1 / 3, 2 / 3]", "[0.33, 0.67]\n"),
            ("%precision 2", "display(1 / 3)", "0.33\n"),
            ("%precision %.3e", "1 / 3", "3.333e-01\n"),
            ("%pprint", "list(range(60))", f"{list(range(60))}\n"),
            ("%config PlainTextFormatter.max_seq_length = 3", "list(range(9))", "[0, 1, 2, ...]\n"),
        ],
    )
    def test_travel(self, notebook, setup, cell, expected):
        notebook.run(setup)
        printed = notebook.prints(cell)
        assert printed == expected if expected is not None else printed.endswith("2\n3\n")

    def test_set_on_the_class(self, notebook, monkeypatch):
        monkeypatch.setattr(InteractiveShell, "ast_node_interactivity", "all")
        assert notebook.prints("1\n2") == "1\n2\n"

    def test_printers_of_the_notebooks_classes_and_of_others(self, notebook):
        notebook.run("class Z: pass\ndef told(z, p, cycle): p.text(f'Z of {size}')\nsize = 7")
        notebook.run("text = get_ipython().display_formatter.formatters['text/plain']\ntext.for_type(Z, told);")
        notebook.run("text.for_type_by_name('fractions', 'Fraction', lambda f, p, cycle: p.text('a fraction'));")
        assert notebook.prints("Z()") == "Z of 7\n"
        assert notebook.prints("import fractions\nfractions.Fraction(1)") == "a fraction\n"

    def test_without_any_no_state_travels(self, notebook):
        run = notebook.submit("import sys\nprint('IPython' in sys.modules)\n1 / 4")
        assert '"IPython"' not in (run.layout.context / "context.json").read_text()
        assert run.layout.log.read_text() == "False\n0.25\n"

    def test_they_need_no_ipython_before_something_is_echoed(self, notebook):
        notebook.run("%precision 2")
        assert notebook.prints("import sys\nprint('IPython' in sys.modules)") == "False\n"


@pytest.mark.parametrize(
    "cell",
    [
        "ip = get_ipython()\nprint(ip.user_ns['zz'])",
        "print(get_ipython().user_ns.get('zz'))",
        "ip = get_ipython()\nprint(ip.ev('zz + 1'))",
        "get_ipython().ex('print(zz)')",
        "get_ipython().run_cell('print(zz)');",
        "ip = get_ipython()\nip.run_cell('print(zz)');",
        "code = 'print(z' + 'z)'\nget_ipython().run_cell(code);",
        "ip = get_ipython()\nip.run_line_magic('time', 'print(zz)') if 0 else print(ip.user_ns['z' * 2])",
        "def f(): return get_ipython().user_ns['z' * 2]\nprint(f())",
        "%who_ls int",
        "x = %who_ls int\nprint(x)",
    ],
)
def test_names_by_the_shell(notebook, cell):
    notebook.run("zz = 4")
    printed = notebook.prints(cell)
    assert printed.strip() in {"4", "5", "['zz']"}, printed
