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
