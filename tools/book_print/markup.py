"""Pieces of HTML that several modules write."""

from html import escape

from bs4 import BeautifulSoup, Tag


def parse_element(markup: str) -> Tag:
    """Parse the HTML of one element."""
    return BeautifulSoup(markup, "html.parser").find()


def page_number(place: str) -> str:
    """Write the page number of an id in the document: three zeros until a print tells the number."""
    return f'<span data-page="{escape(place)}">000</span>'
