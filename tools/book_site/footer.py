"""The line at the foot of every page: the book's version, and the day on which the page last changed."""

from importlib.metadata import version

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment


def setup(app: Sphinx) -> None:
    app.setup_extension("sphinx_last_updated_by_git")
    app.connect("config-inited", configure, priority=400)  # before the extension reads its settings
    app.connect("env-updated", keep_sources, priority=900)


def configure(app: Sphinx, config: Config) -> None:
    """Set the line, its version and the form of its date.

    Without git, without a checkout and in a shallow clone, where the oldest commit seems to touch every file, the
    line has no date. That is not worth a warning, which would end the build.
    """
    config.version = config.release = version("llm-latency")
    config.html_theme_options["footer_content_items"] = ["book-footer.html"]
    config.html_last_updated_fmt = "%Y-%m-%d"
    config.git_last_updated_timezone = "UTC"
    config.git_last_updated_metatags = False
    config.git_untracked_check_dependencies = False
    config.git_untracked_show_sourcelink = True
    expected = ["git.command_not_found", "git.subprocess_error", "git.too_shallow"]
    config.suppress_warnings = [*config.suppress_warnings, *expected]


def keep_sources(app: Sphinx, env: BuildEnvironment) -> None:
    """Let pages offer their sources where git is missing; the extension would remove both date and source."""
    for page, date_and_source in env.git_last_updated.items():
        env.git_last_updated[page] = date_and_source or (None, True)
