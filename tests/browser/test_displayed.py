"""What a submitted cell displays, in its view."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.timeout(600)  # a page, a kernel and a job share what cores there are
LOAD = "%load_ext cellrun.magics"
PLOT = """%%submit figures
import matplotlib.pyplot as plt
for epoch in range(3):
    plt.plot([1, epoch, 4])
    plt.title(f'epoch {epoch}')
    plt.show()
plt.figure('confusion matrix')
plt.imshow([[9, 1], [2, 8]])
print('drawn')
"""


@pytest.fixture
def lab(shared_lab):
    return shared_lab


@pytest.fixture
def comm_lab(shared_comm_lab):
    return shared_comm_lab


@pytest.mark.parametrize("fixture", ["lab", "comm_lab"])
def test_figures_are_in_the_view(fixture, request):
    lab = request.getfixturevalue(fixture)
    lab.open("figures.ipynb", [LOAD, PLOT])
    lab.run_all()
    view = lab.view(1)
    view.expect_status("Completed")
    view.place.scroll_into_view_if_needed()
    loop, matrix = view.card("figure_1"), view.card("confusion matrix")
    expect(loop.locator("img")).to_be_visible()
    expect(loop).to_contain_text("3/3")
    expect(matrix.locator("img")).to_be_visible()
    for card in (loop, matrix):
        assert card.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 300
    expect(view.log).to_contain_text("drawn")
    loop.get_by_role("button", name="Previous").click()
    expect(loop).to_contain_text("2/3")
    assert view.accessibility_problems() == []
    lab.screenshot(f"figures-{fixture}")
    lab.use_theme("dark")
    lab.screenshot(f"figures-{fixture}")
    assert lab.problems == []


RICH = """%%submit shown
import pandas as pd
from IPython.display import HTML, Latex, Markdown, display
print(pd.DataFrame({'printed': [1]}))
display(HTML('<p id="made">made of <b>HTML</b></p><script>document.title = parent.parent.document.title</script>'))
display(Markdown('# A *title* with $x^2$'))
display(Latex(r'$$\\frac{1}{2}$$'))
pd.DataFrame({'epoch': [1, 2], 'loss': [0.92, 0.41]})
"""


@pytest.mark.parametrize("fixture", ["lab", "comm_lab"])
def test_tables_pages_and_formulas_are_in_the_view(fixture, request):
    lab = request.getfixturevalue(fixture)
    lab.open("rich.ipynb", [LOAD, RICH])
    lab.run_all()
    view = lab.view(1)
    view.expect_status("Completed")
    view.place.scroll_into_view_if_needed()

    def page(name):
        return view.card(name).frame_locator("iframe").frame_locator("iframe").locator("body")

    expect(page("html_1").locator("#made b")).to_have_text("HTML")
    expect(page("dataframe_1").locator("tbody tr")).to_have_count(2)
    expect(view.log).to_contain_text("printed")
    expect(view.log).to_contain_text("displayed/html_1.html")
    expect(view.log).not_to_contain_text("IPython")
    if fixture == "lab":
        expect(page("markdown_1").locator("h1 em")).to_have_text("title")
        expect(page("latex_1").locator("mfrac")).to_have_count(1)
    else:
        expect(view.card("markdown_1").locator("pre")).to_have_text("# A *title* with $x^2$")
    assert view.accessibility_problems() == []
    lab.screenshot(f"rich-{fixture}")
    lab.use_theme("dark")
    lab.screenshot(f"rich-{fixture}")


PLOTLY = """%%submit plotted
import plotly.graph_objects as go
go.Figure(go.Scatter(y=[1, 3, 2]))
"""


def test_a_plotly_figure_is_drawn_where_there_is_a_server(lab):
    lab.open("plotly.ipynb", [LOAD, PLOTLY])
    lab.run_all()
    view = lab.view(1)
    view.expect_status("Completed")
    view.place.scroll_into_view_if_needed()
    page = view.card("figure_1").frame_locator("iframe").frame_locator("iframe")
    expect(page.locator(".main-svg .scatterlayer path").first).to_be_attached()
    assert page.locator(".main-svg").first.bounding_box()["height"] > 300
    lab.screenshot("plotly")
    assert lab.problems == []
