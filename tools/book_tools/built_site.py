"""The built site: where it is, and whether it is up to date."""

from .repository import ROOT

SITE = ROOT / "_build" / "html"
ENTRY = "index.html"
SOURCES = (
    *("_config.yml", "_toc.yml", "pyproject.toml", "requirements.lock"),
    *("book/**/*", "lib/**/*", "tools/book_site/**/*", "tools/book_tools/**/*"),
)
NOT_SOURCES = ("__pycache__", ".ipynb_checkpoints", "llm_latency.egg-info", "book_tools.egg-info")


def why_no_current_site() -> str | None:
    """Say that the site is missing or older than its sources, or return None if it is up to date."""
    entry = SITE / ENTRY
    if not entry.exists():
        return f"there is no site in {SITE.relative_to(ROOT)}: build it with make book"
    built = entry.stat().st_mtime
    for pattern in SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file() and path.parent.name not in NOT_SOURCES and path.stat().st_mtime > built:
                return f"the site is older than {path.relative_to(ROOT)}: build it again with make book"
    return None
