"""What a submitted cell displays, in its view."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.timeout(600)  # a page, a kernel and a job share what cores there are
LOAD = "%load_ext cellrun.magics"
FIGURES = """%%submit figures
import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import HTML, Latex, Markdown, display
for epoch in range(3):
    plt.plot([1, epoch, 4])
    plt.title(f'epoch {epoch}')
    plt.show()
plt.figure('confusion matrix')
plt.imshow([[9, 1], [2, 8]])
print('drawn')
print(pd.DataFrame({'printed': [1]}))
display(HTML('<p id="made">made of <b>HTML</b></p><script>document.title = parent.parent.document.title</script>'))
display(Markdown('# A *title* with $x^2$'))
display(Latex(r'$$\\frac{1}{2}$$'))
pd.DataFrame({'epoch': [1, 2], 'loss': [0.92, 0.41]})
"""
PLOTLY = """%%submit plotted
import plotly.graph_objects as go
go.Figure(go.Scatter(y=[1, 3, 2]))
"""


@pytest.fixture
def lab(shared_lab):
    return shared_lab


@pytest.fixture
def comm_lab(shared_comm_lab):
    return shared_comm_lab


def test_figures_tables_pages_and_formulas_are_in_the_view(lab):
    lab.open("figures.ipynb", [LOAD, FIGURES, PLOTLY])
    lab.run_all()
    view = lab.view(1)
    view.expect_status("Completed")
    expect_figures(view)
    expect_page_and_table(view)
    expect(page(view, "markdown_1").locator("h1 em")).to_have_text("title")
    expect(page(view, "latex_1").locator("mfrac")).to_have_count(1)
    assert view.accessibility_problems() == []
    lab.screenshot("figures-lab")
    expect_plotly(lab.view(2))
    lab.screenshot("plotly")
    assert_only_refused(lab)


def test_the_same_from_a_kernel_where_no_server_draws_formulas(comm_lab):
    comm_lab.open("figures.ipynb", [LOAD, FIGURES])
    comm_lab.run_all()
    view = comm_lab.view(1)
    view.expect_status("Completed")
    expect_figures(view)
    expect_page_and_table(view)
    expect(view.card("markdown_1").locator("pre")).to_have_text("# A *title* with $x^2$")
    comm_lab.use_theme("dark")
    assert view.accessibility_problems() == []
    comm_lab.screenshot("figures-comm_lab")
    assert_only_refused(comm_lab)


def assert_only_refused(lab):
    """Assert that the displayed page's script was kept from the page around it, and that nothing else went wrong."""
    assert {"Blocked a frame with origin" in problem for problem in lab.problems} == {True}


def expect_figures(view):
    view.place.scroll_into_view_if_needed()
    loop, matrix = view.card("figure_1"), view.card("confusion matrix")
    expect(loop.locator("img")).to_be_visible()
    expect(loop).to_contain_text("3/3")
    expect(matrix.locator("img")).to_be_visible()
    for card in (loop, matrix):
        assert card.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 300
    loop.get_by_role("button", name="Previous").click()
    expect(loop).to_contain_text("2/3")


def expect_page_and_table(view):
    expect(page(view, "html_1").locator("#made b")).to_have_text("HTML")
    expect(page(view, "dataframe_1").locator("tbody tr")).to_have_count(2)
    for text in ("drawn", "printed", "displayed/html_1.html"):
        expect(view.log).to_contain_text(text)
    expect(view.log).not_to_contain_text("IPython")


def expect_plotly(view):
    view.expect_status("Completed")
    view.place.scroll_into_view_if_needed()
    figure = view.card("figure_1").frame_locator("iframe").frame_locator("iframe")
    expect(figure.locator(".main-svg .scatterlayer path").first).to_be_attached()
    assert figure.locator(".main-svg").first.bounding_box()["height"] > 300


def page(view, name):
    """Return what a page is drawn in that was displayed, once it is in sight."""
    view.card(name).scroll_into_view_if_needed()
    return view.card(name).frame_locator("iframe").frame_locator("iframe").locator("body")
