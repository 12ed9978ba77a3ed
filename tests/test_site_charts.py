"""A live chart on a page: its words, its picture and its controls."""

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from types import SimpleNamespace

import pytest
from docutils import nodes

from book_site.vega import LiveChart, control, headline, rungs, themed, visit_html
from llm_latency.palette import COLOURS, TOTAL
from test_live import CHARTS, controls_of


class Elements(HTMLParser):
    """Collect the elements of a piece of HTML, with the text inside each."""

    def __init__(self, html):
        super().__init__()
        self.elements = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), []))

    def handle_data(self, data):
        if self.elements:
            self.elements[-1][2].append(data)

    def named(self, tag):
        return [(attributes, "".join(text)) for name, attributes, text in self.elements if name == tag]


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
    assert json.loads(stored)["params"][0] == spec["params"][0]
    assert "<svg" in html
    moved = {attributes.get("data-name") for attributes, _ in page.named("input") + page.named("select")}
    assert moved == {parameter["name"] for parameter in controls_of(spec)}
    [view] = [attributes for attributes, _ in page.named("div") if attributes.get("role") == "img"]
    assert view["aria-label"] == spec["description"]


def test_a_slider_is_labelled_and_says_its_value():
    bind = {"input": "range", "min": 1, "max": 1024, "step": 1, "name": "batch B"}
    page = Elements(control({"name": "batch", "value": 512.0, "bind": bind}))
    (slider, _), (number, _) = page.named("input")
    assert page.named("span")[0][1] == "batch B"
    assert slider["aria-valuetext"] == number["value"] == "512"
    assert json.loads(slider["data-values"])[int(slider["value"])] == 512
    assert number["aria-label"] == "batch B, as a number"


def test_a_choice_shows_its_labels_and_keeps_its_values():
    bind = {"input": "select", "options": [0, 8], "labels": ["as <published>", "8"], "name": "bits"}
    page = Elements(control({"name": "bits", "value": 8, "bind": bind}))
    assert [(json.loads(a["value"]), text, "selected" in a) for a, text in page.named("option")] == [
        (0, "as <published>", False), (8, "8", True),
    ]


def test_a_control_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="no control of the kind 'checkbox'"):
        control({"name": "a", "value": True, "bind": {"input": "checkbox", "name": "a"}})


def test_a_chart_that_says_nothing_is_refused():
    with pytest.raises(ValueError, match="needs a parameter 'headline'"):
        headline({"params": []})


@pytest.mark.parametrize("spec", CHARTS.values(), ids=CHARTS)
def test_a_slider_reaches_both_ends_and_where_it_stands(spec):
    for parameter in controls_of(spec):
        bind = parameter["bind"]
        if bind["input"] == "range":
            values = rungs(bind, parameter["value"])
            assert values == sorted(set(values))
            assert {bind["min"], parameter["value"]} <= set(values)
            assert bind["max"] - bind["step"] < values[-1] <= bind["max"]


def test_a_wide_slider_has_small_values_within_reach():
    values = rungs({"min": 16, "max": 131072, "step": 16}, 2048)
    assert values[:3] == [16, 32, 48]
    assert len(values) < 130
    assert max(high / low for low, high in pairwise(values[10:])) < 1.3


def test_every_colour_follows_the_theme():
    assert re.findall(r"#[0-9A-F]{6}", themed(" ".join([*COLOURS.values(), TOTAL]))) == []
