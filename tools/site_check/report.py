"""What was found on each page, against the limits."""

from dataclasses import dataclass, field

from site_check.chart_controls import LONGEST_RESPONSE
from site_check.pages import page_name

CHECKS = ("outside requests", "errors", "mathematics unset", "overflow", "broken links", "axe violations")
"""What must not be found at all."""
AT_LEAST = {"accessibility": (95, 95), "best-practices": (95, 95), "seo": (95, 95), "performance": (95, 80)}
"""Lighthouse's scores on desktop and mobile."""
AT_MOST = {"kB": 1000, "control, ms": LONGEST_RESPONSE}
TIME_TO_LIVE_CHART = "live chart, ms"
"""A measure without a limit."""
LABELS = {"best-practices": "best practices", "seo": "SEO", "kB": "kB, compressed"}


@dataclass
class PageReport:
    """The findings and measures of one page."""

    address: str
    findings: dict[str, dict[str, list[str]]] = field(default_factory=lambda: {check: {} for check in CHECKS})
    """By check and finding: where it was seen."""
    scores: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Lighthouse's scores on desktop and mobile by category."""
    reasons: dict[str, list[str]] = field(default_factory=dict)
    """The audits that cost points, by category."""
    measures: dict[str, float] = field(default_factory=dict)
    has_live_charts: bool = False
    runs: int = 1
    """How often Lighthouse ran; the median of its performance scores counts."""

    def note(self, check: str, findings: list[str], where: str) -> None:
        """Add what a check found in one place."""
        if check not in CHECKS:
            raise ValueError(f"no check {check!r}; known: {', '.join(CHECKS)}")
        for finding in dict.fromkeys(findings):
            self.findings[check].setdefault(finding, []).append(where)

    def problems(self) -> list[str]:
        """List the limits that the page misses, and why."""
        found = [
            f"{check}: {finding} [{', '.join(where)}]"
            for check in CHECKS
            for finding, where in self.findings[check].items()
        ]
        for category, scores in self.scores.items():
            if any(score < limit for score, limit in zip(scores, AT_LEAST[category], strict=True)):
                reasons = "; ".join(self.reasons.get(category, []))
                found.append(f"Lighthouse {category}: {pair(scores)}, limits {pair(AT_LEAST[category])} [{reasons}]")
        for name, limit in AT_MOST.items():
            if self.measures.get(name, 0) > limit:
                found.append(f"{LABELS.get(name, name)}: {self.measures[name]:.0f}, limit {limit}")
        return found

    def row(self) -> list[str]:
        """Return the cells of the page's row in the table."""
        name = page_name(self.address) + ("*" if self.runs > 1 else "")
        counts = [str(len(self.findings[check])) for check in CHECKS]
        scores = [pair(self.scores[category]) if category in self.scores else "" for category in AT_LEAST]
        measures = [
            f"{self.measures[name]:.0f}" if name in self.measures else "" for name in [*AT_MOST, TIME_TO_LIVE_CHART]
        ]
        return [name, *counts, *scores, *measures]


def pair(values: tuple[int, int]) -> str:
    """Join the values for desktop and mobile."""
    return f"{values[0]}, {values[1]}"


def markdown(pages: list[PageReport], date: str, versions: dict[str, str]) -> str:
    """Write the report."""
    header = [
        "page",
        *(f"{check} (0)" for check in CHECKS),
        *(f"{LABELS.get(category, category)} (≥ {pair(limits)})" for category, limits in AT_LEAST.items()),
        *(f"{LABELS.get(name, name)} (≤ {limit})" for name, limit in AT_MOST.items()),
        TIME_TO_LIVE_CHART,
    ]
    rule = ["---", *["--:"] * (len(header) - 1)]
    table = [f"| {' | '.join(cells)} |" for cells in [header, rule, *(page.row() for page in pages)]]
    missed = [f"* {page_name(page.address)}: {problem}" for page in pages for problem in page.problems()]
    repeated = [page_name(page.address) for page in pages if page.runs > 1]
    tools = ", ".join(f"{name} {version}" for name, version in versions.items())
    lines = [
        "# Site check",
        "",
        f"`make site-check` of {date}, with {tools}. The limits stand in brackets.",
        "",
        "Every page was opened at 1280 and 390 px, in light and dark, read to its end and unfolded, and once more from "
        "`file://` without a network. Pairs of numbers are Lighthouse's scores on desktop and mobile. kB is what a "
        "first visit transfers, to the end of the page; live chart the time from the start of the visit until the "
        "first chart follows its controls; control the longest time that any chart took to follow one.",
        "",
        *table,
        "",
    ]
    if repeated:
        why = "The median performance of three runs, because the first missed its limit"
        lines += [f"\\* {why}: {', '.join(repeated)}.", ""]
    lines += [f"Limits missed: {len(missed)}", "", *missed] if missed else ["Every limit is kept."]
    return "\n".join(lines) + "\n"
