"""What a cell displays, as its run keeps it."""

import base64

import pytest

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
CHART = """
class Chart:
    def _repr_mimebundle_(self, include=None, exclude=None):
        return {'text/plain': 'a chart', 'application/vnd.vegalite.v5+json': {'mark': 'bar'}, 'image/svg+xml': '<svg/>'}
"""


def test_display_prints_the_text_and_keeps_the_rest(show):
    shown = show(f"{CHART}display(Chart(), 3)\nChart()", needs_ipython=True)
    assert (shown.out, shown.err) == ("a chart\n3\na chart\n", "")
    assert shown.images == [("image_1", "displayed/image_1.svg"), ("image_2", "displayed/image_2.svg")]
    assert shown.files["displayed/image_1.svg"] == b"<svg/>"
    assert shown.files["displayed/image_1.vl.json"] == b'{"mark": "bar"}'


def test_a_library_that_displays_needs_no_magic_in_the_cell(show):
    source = f"""from IPython.display import Image, display
display(Image(data={PNG!r}))
print(get_ipython().__class__.__name__)"""
    shown = show(source)
    assert shown.out == "displayed/image_1.png\n_CellShell\n"
    assert shown.files == {"displayed/image_1.png": PNG}


def test_pages_are_kept_as_whole_documents(show):
    shown = show("from IPython.display import HTML, Markdown\ndisplay(HTML('<b>é</b>'))\nMarkdown('# title')")
    assert shown.out == "displayed/html_1.html\n# title\n"
    page = shown.files["displayed/html_1.html"].decode()
    assert page.startswith("<!doctype html>")
    assert "<b>é</b>" in page
    assert shown.files["displayed/markdown_1.md"] == b"# title"
    assert shown.images == []
    assert shown.pages == [("html_1", "displayed/html_1.html"), ("markdown_1", "displayed/markdown_1.md")]


def test_a_formula_is_kept_and_printed_as_its_source(show):
    shown = show("from IPython.display import Latex\nLatex(r'$\\frac{1}{2}$')")
    assert shown.out == "$\\frac{1}{2}$\n"
    assert shown.files == {"displayed/latex_1.tex": rb"$\frac{1}{2}$"}
    assert shown.pages == [("latex_1", "displayed/latex_1.tex")]


def test_a_page_that_is_updated_is_told_to_views_once_a_second_at_most(show):
    source = """import time
from IPython.display import HTML, display
handle = display(HTML('0'), display_id=True)
for i in range(20): handle.update(HTML(str(i)))
time.sleep(1.1)
handle.update(HTML('last'))"""
    shown = show(source, needs_ipython=True)
    assert shown.out == "displayed/html_1.html\n"
    assert 2 <= len(shown.pages) < 20
    assert set(shown.pages) == {("html_1", "displayed/html_1.html")}
    assert b"last" in shown.files["displayed/html_1.html"]


def test_views_are_told_of_the_last_update_at_the_end_however_soon_it_came(show):
    source = """from IPython.display import HTML, display
handle = display(HTML('first'), display_id=True)
handle.update(HTML('last'))
raise SystemExit(1)"""
    shown = show(source, needs_ipython=True)
    assert shown.pages == [("html_1", "displayed/html_1.html")] * 2
    assert b"last" in shown.files["displayed/html_1.html"]


def test_of_several_forms_the_view_shows_one(show):
    source = """from IPython.display import publish_display_data
texts = {'text/latex': '$x$', 'text/html': '<i>x</i>', 'text/plain': 'x'}
publish_display_data(texts)
publish_display_data({**texts, 'image/svg+xml': '<svg/>'})"""
    shown = show(source)
    assert shown.out == "x\nx\n"
    assert shown.pages == [("html_1", "displayed/html_1.html")]
    assert shown.images == [("image_1", "displayed/image_1.svg")]


def test_what_a_loop_displays_has_one_name(show):
    shown = show("from IPython.display import HTML, display\nfor i in range(3): display(HTML(f'<b>{i}</b>'))")
    assert [name for name, _ in shown.pages] == ["html_1"] * 3
    assert len(set(shown.pages)) == 3


def test_a_frame_is_text_and_a_page(show):
    pytest.importorskip("pandas")
    shown = show("import pandas as pd\npd.DataFrame({'a': [1]})")
    assert shown.out == "   a\n0  1\n"
    assert "<table" in shown.files["displayed/dataframe_1.html"].decode()


def test_updates_of_one_display_have_one_name(show):
    source = f"{CHART}handle = display(Chart(), display_id=True)\nhandle.update(Chart())\nhandle.update(Chart())"
    shown = show(source, needs_ipython=True)
    assert shown.names == ["image_1"] * 3


def test_clearing_leaves_the_log_as_it_is(show):
    shown = show("from IPython.display import clear_output\nprint('kept')\nclear_output(wait=True)\nprint('too')")
    assert (shown.out, shown.err) == ("kept\ntoo\n", "")


@pytest.mark.parametrize(
    ("variable", "most", "kept"),
    [("CELLRUN_DISPLAYED_FILES", "2", 2), ("CELLRUN_DISPLAYED_BYTES", "150", 2), ("CELLRUN_IMAGE_BYTES", "60", 0)],
)
def test_past_a_limit_nothing_more_is_kept_and_that_is_said_once(show, variable, most, kept):
    source = f"from IPython.display import Image\nfor i in range(5): display(Image(data={PNG!r}))"
    shown = show(source, environment={variable: most})
    assert shown.code == 0
    assert len(shown.files) == len(shown.images) == kept
    assert shown.err.count("\n") == 1
    assert variable in shown.err


def test_what_cannot_be_kept_does_not_fail_the_cell(show):
    source = """from IPython.display import publish_display_data
publish_display_data({'image/png': 'x', 'text/plain': 'broken'})
publish_display_data({'application/vnd.vegalite.v5+json': {1, 2}})
print('end')"""
    shown = show(source, needs_ipython=True)
    assert (shown.code, shown.out) == (0, "broken\nend\n")
    assert shown.err.count("isn't kept with the run") == 2
    assert shown.files == {}


def test_a_cell_of_the_cell_echoes_without_a_prompt(show):
    shown = show("get_ipython().run_cell('1 + 1\\n[3]');", needs_ipython=True)
    assert (shown.out, shown.err) == ("[3]\n", "")


def test_of_updates_the_last_page_is_kept_and_a_text_that_stays_is_printed_once(show):
    """As transformers' bars do, thousands of times: they would leave no room for the cell's figures."""
    source = f"""from IPython.display import HTML, Image, display
handle = display(HTML('0'), display_id=True)
for i in range(1, 6): handle.update(HTML('12345' * i))
display(HTML('other'))
display(Image(data={PNG!r}))"""
    shown = show(source, environment={"CELLRUN_DISPLAYED_FILES": "3"})
    assert shown.out == "displayed/html_1.html\ndisplayed/html_2.html\ndisplayed/image_1.png\n"
    assert shown.err == ""
    assert sorted(shown.files) == ["displayed/html_1.html", "displayed/html_2.html", "displayed/image_1.png"]
    assert b"12345" * 5 in shown.files["displayed/html_1.html"]


def test_an_update_with_another_text_is_printed(show):
    shown = show("handle = display(1, display_id=True)\nfor i in (1, 2, 2): handle.update(i)", needs_ipython=True)
    assert shown.out == "1\n2\n"
