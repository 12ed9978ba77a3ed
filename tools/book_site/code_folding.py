"""Label folded code in plain words, join adjacent folds, and open all of them with one button."""

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode, depart_HideCellInput
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.writers.html5 import HTML5Translator

BUTTON = "all-code.html"
BUTTONS_OF_THE_THEME = "article-header-buttons.html"


def setup(app: Sphinx) -> None:
    app.connect("config-inited", place_button, priority=400)  # before the theme reads its options
    app.add_post_transform(JoinFolds)
    app.connect("html-page-context", offer_button)
    app.add_node(HideCodeCellNode, override=True, html=(visit_fold, depart_HideCellInput))


def fold_of(node: nodes.Node) -> HideCodeCellNode | None:
    """Return the fold around the code of a cell; None if the node is not a cell or its code is not folded."""
    is_cell = isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"
    first = node.children[0] if is_cell and node.children else None
    return first if isinstance(first, HideCodeCellNode) and "above-input" in first["classes"] else None


class JoinFolds(SphinxPostTransform):
    """Move the folded code of a cell without an output into the fold of the cell that follows, with its anchors.

    Adjacent folds, as in the setup of a page, thus become one line.
    """

    formats = ("html",)
    default_priority = 900  # after myst-nb has folded code

    def run(self, **kwargs) -> None:
        for cell in list(self.document.findall(nodes.container)):
            fold, following = fold_of(cell), cell.next_node(descend=False, siblings=True)
            next_fold = fold_of(following)
            if fold is None or next_fold is None or len(cell.children) > 1:
                continue
            next_fold[:0] = fold.children
            following["ids"] += cell["ids"]
            cell.parent.remove(cell)


def place_button(app: Sphinx, config: Config) -> None:
    """Put the button into the header of pages, before the theme's own."""
    options = config.html_theme_options
    options["article_header_end"] = [BUTTON, *options.get("article_header_end", [BUTTONS_OF_THE_THEME])]


def offer_button(app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """Show the button, and load its script, on a page with folded code."""
    context["has_folded_code"] = doctree is not None and any(map(fold_of, doctree.findall(nodes.container)))
    if context["has_folded_code"]:
        app.add_js_file("all-code.js", defer="defer")


def visit_fold(translator: HTML5Translator, node: HideCodeCellNode) -> None:
    """Name a fold after what it shows.

    myst-nb would write "Show code cell source", and tell a screen reader "Toggle hidden content".
    """
    content = "the code" if "above-input" in node["classes"] else "the output"
    translator.body.append(
        f'<details class="admonition hide {" ".join(node["classes"])}">\n<summary>\n'
        f'<p class="collapsed admonition-title">Show {content}</p>\n'
        f'<p class="expanded admonition-title">Hide {content}</p>\n</summary>\n'
    )
