"""tqdm in a submitted cell, and fastprogress."""

import pytest

pytest.importorskip("tqdm")


@pytest.mark.parametrize("module", ["tqdm", "tqdm.auto", "tqdm.notebook", "tqdm.autonotebook"])
def test_every_bar_is_one_of_text(show, module):
    shown = show(
        f"from {module} import tqdm, trange\nfor i in tqdm(range(3), desc='x'): pass\nfor i in trange(2): pass"
    )
    assert (shown.code, shown.out) == (0, "")
    assert "x: 100%|" in shown.err
    assert "2/2 [" in shown.err
    assert "Warning" not in shown.err


def test_a_notebooks_bar_takes_what_it_takes_there(show):
    source = """from tqdm.notebook import tqdm_notebook
with tqdm_notebook(total=4, display=False, ncols='100%', colour='green') as bar:
    bar.update(4)
    bar.set_postfix(loss=1)
"""
    shown = show(source)
    assert shown.code == 0
    assert "4/4 [" in shown.err


def test_fastais_bars_are_those_of_a_console(show):
    """Both names are taken from the module by who imports them; the package stands in for the one that isn't here."""
    module = """
class NBBar: pass
class ConsoleBar: pass
master_bar = progress_bar = NBBar
def force_console_behavior(): return ConsoleBar, ConsoleBar
"""
    source = f"""from pathlib import Path
Path('fastprogress').mkdir()
Path('fastprogress/__init__.py').write_text('from .fastprogress import master_bar, progress_bar')
Path('fastprogress/fastprogress.py').write_text({module!r})
from fastprogress import master_bar, progress_bar
print(master_bar.__name__, progress_bar.__name__)"""
    shown = show(source)
    assert (shown.out, shown.err) == ("ConsoleBar ConsoleBar\n", "")
