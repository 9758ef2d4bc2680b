"""tqdm in a submitted cell."""

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
