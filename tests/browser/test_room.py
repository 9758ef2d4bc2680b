"""The room that a view takes of a notebook, and whose the wheel is."""

import re

import pytest
from playwright.sync_api import TimeoutError as NotInTimeError
from playwright.sync_api import expect

pytestmark = pytest.mark.timeout(600)  # a page, a kernel and a job share what cores there are
LOAD = "%load_ext cellrun.magics"
NAME = f"{'a_name_of_sixty_letters_' * 3}"[:58] + "_7"  # as long as names get, with a number
TWELVE = f"""%%submit {NAME}
run.log('learning_rate', 1.2345e-5)
for step in range(20):
    for number in range(12):
        run.log(f'validation/a_metric_with_a_name_{{number}}', 1.2345 * 10.0 ** -number / (step + 1))
run.log_table('per_class', {{'class': ['cat', 'dog'], 'precision': [0.98765, 1.2345e-5]}})
run.log_table('predicted', {{'predicted': [3, 1, 2] * 100, 'actual': [3.5, 1.5, 2.5] * 100}})
print(*(f'line {{number}}' for number in range(300)), sep='\\n')
"""
BELOW = "print('below', *range(200), sep='\\n')"

_SCROLLED = "document.querySelector('.jp-WindowedPanel-outer').scrollTop"


def scroll(lab):
    """Return how far the notebook is scrolled."""
    return lab.page.evaluate(_SCROLLED)


def turn(lab, target, down):
    """Turn the wheel over a part of the view, and return how far that scrolled the notebook."""
    target.hover()
    lab.page.wait_for_timeout(700)  # a browser takes turns that come soon after others for those others' target
    before = scroll(lab)
    lab.page.mouse.wheel(0, down)
    try:
        lab.page.wait_for_function(f"before => {_SCROLLED} !== before", arg=before, timeout=3000)
    except NotInTimeError:
        return 0
    return scroll(lab) - before


@pytest.fixture
def lab(shared_lab):
    return shared_lab


def test_a_view_leaves_the_notebook_its_room_and_its_wheel_and_tables_are_tables(lab):
    """It is the view of a run of twelve metrics, two tables and a long log, with a long output below it."""
    lab.open("room.ipynb", [LOAD, TWELVE, BELOW])
    lab.run_all()
    view = lab.view(1)
    view.expect_status("Completed")
    expect(view.log).to_contain_text("line 299")
    for width, theme in ((1000, "dark"), (1400, "light")):
        lab.use_theme(theme)
        assert_leaves_room(lab, view, width)
        lab.screenshot(f"room-{width}")
    assert_wheel_is_the_notebooks(lab, view)
    assert_tables_are_tables_and_the_rest_is_there_at_a_wish(lab, view)
    lab.screenshot("tables")


def assert_leaves_room(lab, view, width):
    lab.resize(width)
    view.place.scroll_into_view_if_needed()
    expect(view.root.locator(".cellrun-card").first).to_be_visible()
    expect(view.root.locator(".js-line").first).to_be_attached()
    box = view.root.bounding_box()
    assert box["height"] <= 0.7 * 900 + 1
    lefts = view.root.locator(".cellrun-card:not(:has(table))").evaluate_all(
        "cards => [...new Set(cards.map(card => Math.round(card.getBoundingClientRect().left)))]"
    )
    assert len(lefts) >= 2
    assert view.tile("learning_rate") == "1.2345e−5"  # noqa: RUF001  # a minus sign
    cut = "parts => parts.filter(part => part.scrollWidth > part.clientWidth + 1).map(part => part.textContent)"
    for numbers in (".cellrun-legend", ".cellrun-tiles dd"):
        assert view.root.locator(numbers).evaluate_all(cut) == []
    ends = view.root.locator(".cellrun-card-name > :last-child").evaluate_all(
        "ends => ends.slice(0, 12).map(end => [end.textContent, end.offsetLeft + end.offsetWidth <= "
        "end.parentElement.offsetLeft + end.parentElement.offsetWidth + 1])"
    )
    assert ends == [[f"_{number}", True] for number in range(12)]
    assert view.accessibility_problems() == []


def assert_wheel_is_the_notebooks(lab, view):
    """Assert that it is, but over the log."""
    view.place.scroll_into_view_if_needed()
    log, charts = view.log, view.root.locator(".cellrun-metrics")
    for part in (charts, view.root.locator(".cellrun-header"), view.root.locator(".cellrun-plot-area").first):
        assert turn(lab, part, 120) > 0
        assert turn(lab, part, -120) < 0
    assert charts.evaluate("charts => charts.scrollTop") == 0
    assert turn(lab, log, 120) > 0  # it is at its end
    at_end = log.evaluate("log => log.scrollTop")
    assert turn(lab, log, -120) == 0  # and scrolls within it
    assert log.evaluate("log => log.scrollTop") < at_end
    log.evaluate("log => log.scrollTo(0, 0)")
    assert turn(lab, log, -120) < 0  # up to its start


def assert_tables_are_tables_and_the_rest_is_there_at_a_wish(lab, view):
    view.root.get_by_role("button", name=re.compile("^Show .*▾$")).first.click()
    table = view.card("predicted")
    table.scroll_into_view_if_needed()
    expect(table.locator("tbody tr")).to_have_count(10)
    expect(table).to_contain_text("first 10 of 300 rows")
    assert table.locator("svg").count() == 0
    view.card("per_class").scroll_into_view_if_needed()
    expect(view.card("per_class").locator("td")).to_have_text(["cat", "0.9877", "dog", "1.2345e−5"])  # noqa: RUF001
    assert turn(lab, table, -120) < 0
    for rows in (110, 210, 300):  # those beyond 200 are read
        table.get_by_role("button", name="Show").click()
        expect(table.locator("tbody tr")).to_have_count(rows)
    expect(table.locator("tbody tr").last.locator("td")).to_have_text(["2", "2.5000"])
    assert view.accessibility_problems() == []
