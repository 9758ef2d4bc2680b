"""What the live view does with whatever a run logs and prints."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.timeout(600)  # a page, a kernel and a job share what cores there are
LOAD = "%load_ext cellrun.magics"


@pytest.fixture
def lab(shared_lab):
    return shared_lab


FAILING = """%%submit failing
def train():
    run.log('loss', 2.0)
    run.log('loss', 1.5)
    return float('n/a')
train()
"""
BARS = r"""%%submit bars
import sys
for percent in range(0, 101, 10):
    sys.stdout.write(f'\r{percent}%|' + '#' * (percent // 10))
print('\n\x1b[31mred\x1b[0m \x1b]0;title\x07plain')
"""
HOSTILE = """%%submit names
run.log('<img src=x onerror="window.pwned=1">', 1)
run.log_row('__proto__', x=1, constructor=2)
run.log_row('__proto__', x=2, constructor=3)
run.tag('<script>window.pwned=1</script>', '<b onmouseover="window.pwned=1">')
print('<img src=x onerror="window.pwned=1">')
raise ValueError('<img src=x onerror="window.pwned=1">')
"""


def test_a_failed_run_shows_why_first_bars_are_one_line_and_names_are_text(lab):
    lab.open("shown.ipynb", [LOAD, BARS, HOSTILE, FAILING])
    lab.run_all()
    expect_bars_and_colours(lab.view(1))
    expect_text(lab.view(2))
    assert lab.page.evaluate("window.pwned") is None
    view = lab.view(3)
    expect_reason(view)
    lab.screenshot("failed")
    expect(view.root).to_have_attribute("data-theme", "light")
    lab.use_theme("dark")
    expect(view.root).to_have_attribute("data-theme", "dark")
    lab.screenshot("failed")
    assert view.accessibility_problems() == []
    view.alert.get_by_role("button", name="%load_run failing-1").click()
    expect(lab.cell(4).locator(".cm-content")).to_have_text("%load_run failing-1")
    expect(lab.cell(4).locator(".cm-content")).to_be_focused()
    assert lab.problems == []


def expect_bars_and_colours(view):
    view.expect_status("Completed")
    expect(view.log).to_contain_text("100%|##########")
    expect(view.log).to_contain_text("red plain")
    assert "50%" not in view.log.inner_text()
    red = view.log.get_by_text("red", exact=True).evaluate("element => getComputedStyle(element).color")
    plain = view.log.evaluate("element => getComputedStyle(element).color")
    assert red != plain


def expect_text(view):
    view.expect_status("Failed")
    view.wait_for_points("__proto__", 2)
    expect(view.alert).to_contain_text("<img src=x")


def expect_reason(view):
    view.expect_status("Failed")
    reason = view.alert
    expect(reason).to_contain_text("ValueError: could not convert string to float: 'n/a'")
    expect(reason).to_contain_text("exit code 1")
    expect(reason).to_contain_text("Cell In[4], line 5, in train")
    assert reason.bounding_box()["y"] < view.card("loss").bounding_box()["y"]
    assert view.accessibility_problems() == []


def test_the_log_follows_and_pauses(lab, tmp_path):
    chatty = f"""%%submit chatty
import itertools, os, time
for line in itertools.count():
    print('line', line, flush=True)
    time.sleep(0.05)
    if os.path.exists({str(tmp_path / "go")!r}):
        break
print('the end')
"""
    lab.open("log.ipynb", [LOAD, chatty])
    lab.run_all()
    view = lab.view(1)
    expect(view.log).to_contain_text("line 50")
    expect(view.button("following")).to_be_visible()
    view.log.hover()
    lab.page.mouse.wheel(0, -400)
    expect(view.button(re.compile(r"paused · [1-9]\d* new lines"))).to_be_visible()
    place = view.log.evaluate("log => log.scrollTop")
    lines = view.new_lines()
    view.wait_until(lambda: view.new_lines() > lines, lambda: "no line came")
    assert view.log.evaluate("log => log.scrollTop") == place
    view.button("paused").click()
    expect(view.button("following")).to_be_visible()
    (tmp_path / "go").touch()
    view.expect_status("Completed")
    expect(view.log).to_contain_text("the end")


def test_whatever_is_logged_has_its_place(lab):
    odd = r"""%start_logging odd
from PIL import Image
for i in range(5):
    run.log('nan', float('nan'))
    run.log('infinite', float('inf'))
    run.log('constant', 0.1)
    run.log('huge', 1.7e308 * (-1) ** i)
    run.log('big_int', 2 ** 60 + i)
    run.log('text', f'word {i}')
    run.log('a/long/name/' + 'x' * 200, -i)
    run.log_row('lines', x=i, **{f'y{k}': i * k for k in range(9)})
run.log_row('one_point', x=1, y=2)
run.log_table('table', {'a': [1, 2], 'b': ['p', 'q']})
Image.new('RGB', (200, 120), 'teal').save('picture.png')
run.log_image('picture', path='picture.png')
for i in range(300):
    run.log_list(f'm{i}', [i, i + 1])
print('L' * 300_000, bytes(range(256)).decode('latin1'), sep='\n')
print('after')
run.complete()
"""
    lab.open("odd.ipynb", [LOAD, odd])
    lab.run_all()
    view = lab.view(1)
    view.expect_status("Completed")
    assert view.wait_for_points("nan", 5) == view.wait_for_points("constant", 5) == 5
    expect(view.card("text")).to_contain_text("word 4")
    expect(view.button("Show 48 more")).to_be_attached()
    expect(view.root.get_by_role("note")).to_have_count(0)  # no metric is left out
    picture = view.root.get_by_role("img", name="picture.png")
    picture.scroll_into_view_if_needed()
    assert picture.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") == 200
    lab.screenshot("odd-values")
    expect(view.log).to_contain_text("after")
    assert view.accessibility_problems() == []
    assert lab.problems == []
