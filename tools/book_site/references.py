"""The order of the references: persons and organisations in one alphabet."""

from pybtex.database import Person
from pybtex.plugin import register_plugin
from pybtex.style.formatting.plain import Style
from pybtex.style.sorting.author_year_title import SortingStyle
from sphinx.application import Sphinx

ORDER = "one_alphabet"
STYLE = "book"


class OneAlphabet(SortingStyle):
    """By author, year and title; the braces that keep an organisation's name whole are no letters."""

    def person_key(self, person: Person) -> str:
        """Return what an author is sorted by.

        Parameters
        ----------
        person : pybtex.database.Person
            The author.

        Returns
        -------
        str
            The name in lower case, last name first.

        Examples
        --------
        >>> OneAlphabet().person_key(Person("{DeepSeek-AI}")).strip()
        'deepseek-ai'
        """
        return super().person_key(person).replace("{", "").replace("}", "")


class BookStyle(Style):
    """The plain style of pybtex in this order."""

    default_sorting_style = ORDER


def setup(app: Sphinx) -> None:
    """Name the order and the style, so that the configuration can choose them.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    """
    register_plugin("pybtex.style.sorting", ORDER, OneAlphabet)
    register_plugin("pybtex.style.formatting", STYLE, BookStyle)
