"""Writing files into the site: while it is built, or once it is finished."""

from collections.abc import Callable
from pathlib import Path

from sphinx.application import Sphinx


def builds_html(app: Sphinx) -> bool:
    return app.builder.format == "html"


def write_static_file(app: Sphinx, name: str, text: str) -> None:
    path = Path(app.outdir, "_static", name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def after_html_build(app: Sphinx, action: Callable[[Sphinx], None], priority: int = 500) -> None:
    """Call the action with the application at the end of a build of HTML, unless the build has failed."""

    def act(app: Sphinx, exception: Exception | None) -> None:
        if exception is None and builds_html(app):
            action(app)

    app.connect("build-finished", act, priority=priority)


def relative_html_paths(app: Sphinx) -> list[Path]:
    """List the pages of a finished site, without the templates that the theme leaves in `_static`."""
    root = Path(app.outdir)
    paths = sorted(path.relative_to(root) for path in root.rglob("*.html"))
    return [path for path in paths if path.parts[0] != "_static"]
