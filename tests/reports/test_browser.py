"""The page in a real Chromium: offline, without a word of complaint, at the width of a phone."""

import os
import shutil
from pathlib import Path

import pytest

from pipeline.reports import files
from tests.reports.days import full
from tests.reports.test_html import HOSTILE, poisoned

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
WIDTHS = {"phone": 390, "small phone": 320, "tablet": 834, "desktop": 1280}


@pytest.fixture(scope="module")
def browser():
    found = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )
    if found is None:
        required = os.environ.get("FRICTION_BROWSER_REQUIRED")
        (pytest.fail if required else pytest.skip)("no Chromium is installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as player:
        chromium = player.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Opens the page of a report; gives it with the requests and the complaints it caused."""
    contexts = []

    def open_(report, **options):
        path = files.write(report, tmp_path)[0]
        context = browser.new_context(offline=True, **options)
        contexts.append(context)
        page = context.new_page()
        requests: list[str] = []
        complaints: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.goto(Path(path).as_uri())
        return page, [url for url in requests if url != Path(path).as_uri()], complaints

    yield open_
    for context in contexts:
        context.close()


@pytest.mark.parametrize("language", ["en", "tr"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_opens_offline_and_asks_for_nothing(opened, language, scheme):
    page, requests, complaints = opened(full(language), color_scheme=scheme)
    assert page.locator("h1").inner_text()
    assert (requests, complaints) == ([], [])


@pytest.mark.parametrize("text", [HOSTILE["script"], HOSTILE["attribute"], HOSTILE["style"], HOSTILE["long"]])
def test_hostile_data_runs_nothing_hides_nothing_and_widens_nothing(opened, text):
    page, requests, complaints = opened(poisoned(text), viewport={"width": 390, "height": 800})
    assert (requests, complaints) == ([], [])
    assert page.locator("h1").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("language", ["en", "tr"])
def test_nothing_has_to_be_scrolled_sideways(opened, language, width):
    page, _, _ = opened(full(language), viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_evidence_of_a_point_unfolds_without_script(opened):
    page, _, _ = opened(full(), java_script_enabled=False)
    second = page.locator("details.case").nth(1)
    assert not second.locator(".visits").is_visible()
    second.locator("summary").click()
    assert second.locator(".visits").is_visible()


def test_a_link_from_the_table_leads_to_the_evidence(opened):
    page, _, _ = opened(full())
    page.get_by_role("link", name="See visits").nth(1).click()
    assert page.locator("#evidence-2").is_visible()


CONTRAST = """() => {
  const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number).map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const back = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    if (c !== "rgba(0, 0, 0, 0)") return c; } return "rgb(255, 255, 255)"; };
  const found = [];
  for (const e of document.querySelectorAll("body *:not(svg *)")) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.checkVisibility()) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(back(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) found.push(`${e.className}: ${ratio.toFixed(2)} ${e.textContent.trim().slice(0, 30)}`);
  }
  return found; }"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(opened, scheme):
    page, _, _ = opened(full(), color_scheme=scheme)
    assert page.evaluate(CONTRAST) == []
