"""The order of the references: people and organisations in one alphabet."""

from pybtex.database import Person
from pybtex.plugin import register_plugin
from pybtex.style.formatting.plain import Style
from pybtex.style.sorting.author_year_title import SortingStyle
from sphinx.application import Sphinx

SORTING_STYLE = "one_alphabet"


class OneAlphabet(SortingStyle):
    """Sort by author, year and title, and ignore the braces that keep an organisation's name whole.

    >>> OneAlphabet().person_key(Person("{DeepSeek-AI}")).strip()
    'deepseek-ai'
    """

    def person_key(self, person: Person) -> str:
        return super().person_key(person).replace("{", "").replace("}", "")


class BookStyle(Style):
    """The plain style of pybtex in this order; `_config.yml` chooses it as `book`."""

    default_sorting_style = SORTING_STYLE


def setup(app: Sphinx) -> None:
    register_plugin("pybtex.style.sorting", SORTING_STYLE, OneAlphabet)
    register_plugin("pybtex.style.formatting", "book", BookStyle)
