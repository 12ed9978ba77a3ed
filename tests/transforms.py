"""Run a transform of the site on a page that a test builds."""

from types import SimpleNamespace

from docutils import nodes


def apply(transform, page, env=None):
    """Change a page in place, as Sphinx does once its references are resolved."""
    document = nodes.document(SimpleNamespace(env=env, language_code="en"), None)
    document += page
    transform(document).run()
