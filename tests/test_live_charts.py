"""A live chart on a page: its words, its picture and its controls."""

import json
import re
from functools import partial
from itertools import pairwise
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup
from docutils import nodes

from book_site.chart_colours import with_variables
from book_site.chart_controls import MANY_OPTIONS, control_html, grouped_by_first_letters, slider_stops
from book_site.live_charts import RESET_LABEL, LiveChart, headline, visit_html
from book_tools.built_site import SITE, why_no_current_site
from conftest import demand
from llm_latency.charts.palette import COLOURS, TOTAL
from llm_latency.charts.specification import OWN
from test_live import CHARTS, controls_of


class Elements:
    """The elements of a piece of HTML."""

    def __init__(self, html):
        self.soup = BeautifulSoup(html, "html.parser")

    def named(self, tag):
        return [(element.attrs, element.get_text()) for element in self.soup.find_all(tag)]


def html_of(spec):
    body = []
    with pytest.raises(nodes.SkipNode):
        visit_html(SimpleNamespace(body=body), LiveChart("", spec=spec))
    return "".join(body)


@pytest.mark.parametrize("spec", CHARTS.values(), ids=CHARTS)
def test_a_chart_has_words_a_picture_and_a_control_for_each_variable(spec):
    html = html_of(spec)
    page = Elements(html)
    said = html.split("<output", 1)[1].split("</output>")[0]
    assert all(line in said for line in headline(spec))
    [stored] = re.findall(r'<script type="application/json">(.*?)</script>', html)
    first, kept = spec["params"][0], json.loads(stored)["signals"]
    assert first["value"] in [signal["value"] for signal in kept if signal["name"] == first["name"]]
    assert "<svg" in html
    moved = {attributes.get("data-name") for attributes, _ in page.named("input") + page.named("select")}
    assert moved == {parameter["name"] for parameter in controls_of(spec)}
    [view] = [attributes for attributes, _ in page.named("div") if attributes.get("role") == "img"]
    assert view["aria-label"] == spec["description"]


def test_a_slider_is_labelled_and_says_its_value():
    bind = {"input": "range", "min": 1, "max": 1024, "step": 1, "name": "batch B"}
    page = Elements(control_html({"name": "batch", "value": 512.0, "bind": bind}))
    (slider, _), (number, _) = page.named("input")
    assert page.named("span")[0][1] == "batch B"
    assert slider["aria-valuetext"] == number["value"] == "512"
    assert json.loads(slider["data-values"])[int(slider["value"])] == 512
    assert number["aria-label"] == "batch B, as a number"


def test_a_choice_shows_its_labels_and_keeps_its_values():
    bind = {"input": "select", "options": [0, 8], "labels": ["as <published>", "8"], "name": "bits"}
    page = Elements(control_html({"name": "bits", "value": 8, "bind": bind}))
    assert [(json.loads(a["value"]), text, "selected" in a) for a, text in page.named("option")] == [
        (0, "as <published>", False),
        (8, "8", True),
    ]


def test_presets_and_the_example_have_a_button_each():
    [spec] = [spec for name, spec in CHARTS.items() if name.startswith("deployment-calculator")]
    named = Elements(html_of(spec)).named("button")
    buttons = {text.strip(): json.loads(attributes["data-preset"]) for attributes, text in named}
    assert list(buttons) == [*spec["usermeta"]["presets"], RESET_LABEL]
    controls = {parameter["name"]: parameter["value"] for parameter in controls_of(spec)}
    assert buttons[RESET_LABEL] == controls
    for words, values in spec["usermeta"]["presets"].items():
        assert {name.removeprefix(OWN): value for name, value in buttons[words].items()} == values
        assert buttons[words].keys() <= controls.keys()


def test_a_control_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="no control of the kind 'checkbox'"):
        control_html({"name": "a", "value": True, "bind": {"input": "checkbox", "name": "a"}})


def test_a_chart_that_says_nothing_is_refused():
    with pytest.raises(ValueError, match="needs a parameter 'headline'"):
        headline({"params": []})


@pytest.mark.parametrize("spec", CHARTS.values(), ids=CHARTS)
def test_a_slider_reaches_both_ends_and_where_it_stands(spec):
    for parameter in controls_of(spec):
        bind = parameter["bind"]
        if bind["input"] == "range":
            values = slider_stops(bind, parameter["value"])
            assert values == sorted(set(values))
            assert {bind["min"], parameter["value"]} <= set(values)
            assert bind["max"] - bind["step"] < values[-1] <= bind["max"]


def test_a_wide_slider_has_small_values_within_reach():
    values = slider_stops({"min": 16, "max": 131072, "step": 16}, 2048)
    assert values[:3] == [16, 32, 48]
    assert len(values) < 130
    assert max(high / low for low, high in pairwise(values[10:])) < 1.3


def test_every_colour_follows_the_theme():
    assert re.findall(r"#[0-9A-F]{6}", with_variables(" ".join([*COLOURS.values(), TOTAL]))) == []


def test_a_long_choice_is_grouped_and_keeps_its_values():
    names = [*(f"Alpha-{number}" for number in range(MANY_OPTIONS)), "Lone-<1>", "alpha2", "7B", "8B"]
    bind = {"input": "select", "options": names, "name": "model"}
    html = control_html({"name": "model", "value": "Alpha-3", "bind": bind})
    page = Elements(html)
    assert [attributes["label"] for attributes, _ in page.named("optgroup")] == ["Alpha …", "Other"]
    assert html.index("Alpha-3") < html.index("alpha2") < html.index('label="Other"') < html.index(">Lone-&lt;1&gt;<")
    assert {json.loads(attributes["value"]) for attributes, _ in page.named("option")} == set(names)
    assert [text for attributes, text in page.named("option") if "selected" in attributes] == ["Alpha-3"]


@pytest.mark.parametrize("name", ["model", "device"])
def test_no_name_of_the_calculator_is_lost_or_alone_in_a_group(name):
    [bind] = [each["bind"] for spec in CHARTS.values() for each in controls_of(spec) if each["name"] == name][:1]
    groups = grouped_by_first_letters(bind["options"])
    assert sorted(member for members in groups.values() for member in members) == sorted(bind["options"])
    assert min(len(members) for family, members in groups.items() if family != "Other") >= 2
    assert len(groups["Other"]) < len(bind["options"]) / 3


def go_to_chart(page, name):
    """Open a page of the built site at its first chart."""
    demand(why_no_current_site())
    page.goto((SITE / "book" / f"{name}.html").as_uri())
    page.locator(".live-chart").first.scroll_into_view_if_needed()


@pytest.fixture
def live_page(new_page):
    """Return what opens a page in a window of its own, with its first chart live."""

    def opened(name, **options):
        page = new_page(**options)
        go_to_chart(page, name)
        page.wait_for_selector(".live-chart[data-live]")
        return page

    return opened


@pytest.fixture
def calculator(live_page):
    """Return what opens the deployment calculator."""
    return partial(live_page, "deployment-calculator")


def test_a_chart_and_its_controls_are_seen_together(live_page):
    for name in ("deployment-calculator", "decode-latency"):
        page = live_page(name, viewport={"width": 1280, "height": 720})
        room = page.evaluate("innerHeight - document.querySelector('.bd-header-article').offsetHeight")
        assert page.locator(".live-chart").first.bounding_box()["height"] <= room


def test_a_number_out_of_range_is_refused_in_words(calculator):
    page = calculator()
    words = page.locator(".live-chart-value").first
    first = words.inner_text()
    number = page.get_by_label("batch B, as a number")
    above = "chart => chart.querySelector('.live-chart-controls').offsetTop - chart.offsetTop"
    height = page.locator(".live-chart").first.evaluate(above)
    number.fill("100000")
    assert words.inner_text() == "batch B: a whole number from 1 to 1024"
    assert abs(page.locator(".live-chart").first.evaluate(above) - height) < 2
    number.blur()
    assert number.input_value() == "1"
    assert words.inner_text() == first


def test_settings_made_before_the_chart_is_ready_count(new_page):
    page, held = new_page(), []
    page.route("**/vega-*.js", lambda route: held.append(route))
    go_to_chart(page, "decode-latency")
    page.get_by_label("batch B, as a number").fill("512")
    while not held:
        page.wait_for_timeout(20)
    held[0].continue_()
    page.wait_for_selector(".live-chart[data-live]")
    assert page.locator(".live-chart-value").first.inner_text().startswith("decode step 53.33 ms")
    assert page.get_by_label("batch B, as a number").input_value() == "512"


def test_a_button_sets_several_sliders_at_once(calculator):
    page = calculator()
    words = page.locator(".live-chart-value").first
    first = words.inner_text()
    page.get_by_role("button", name="As a 70B was measured").click()
    page.wait_for_function("document.querySelector('.live-chart-value').innerText.includes(' about ')")
    assert page.get_by_label("memory bandwidth reached [%], as a number").input_value() == "64"
    page.get_by_role("button", name="Back to the example").click()
    page.wait_for_function("first => document.querySelector('.live-chart-value').innerText === first", arg=first)


def test_on_a_phone_one_sentence_stays_in_view(calculator):
    page = calculator(viewport={"width": 390, "height": 844})
    reset = page.get_by_role("button", name="Back to the example").first
    reset.evaluate("button => button.scrollIntoView({block: 'end', behavior: 'instant'})")
    lines = page.locator(".live-chart-value").first.locator("span")
    boxes = [lines.nth(number).bounding_box() for number in range(lines.count())]
    assert len(boxes) >= 3
    assert 0 < boxes[0]["y"] < boxes[0]["y"] + boxes[0]["height"] < 844 / 4
    assert all(box["y"] < 0 for box in boxes[1:])
