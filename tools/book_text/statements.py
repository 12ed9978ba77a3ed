"""Find what a text states: each number with its sign and its unit or noun, and each formula."""

import re
from collections.abc import Callable, Iterator

from book_text.latex import normal_latex

CODE_OR_MATHEMATICS = re.compile(r"(```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$)", re.DOTALL)
MARKUP = {
    r"(?<=\*\*Time:\*\*) \d+ minutes|takes \d+ to \d+ minutes|Python\s3\.\d+|CC\s+BY\s+4\.0": "",  # which tests compare
    r"\{[a-z:]+\}`([^`<]+?)\s*<[^`>]*>`": r"\1",  # a reference with words of its own
    r"\{[a-z:]+\}`[^`]*`": "",
    r"\[[^]]*\]\([\w./-]+\.(?:ipynb|md)\)": "",  # the title of a page, which another test compares
    r"!?\[([^]]*)\]\([^)]*\)": r"\1",
    r"^:::+\s*\{solution-(?:start|end)\}.*$|^:[\w-]+:.*$|^\([\w-]+\)=\s*$": "",
    r"^:::+\s*(?:\{[\w-]+\})?": "",
    r"^\s*(?:#+|[*-]|\d+\.)\s": "",
    r"(?<=\$\$) ?\([\w-]+\)": "",
}
RELATION = re.compile(r"[=+/<>^-]|\\(?:frac|times|cdot|le|ge|ll|gg|max|min|ceil|lceil|to|approx)\b")
LETTER = re.compile(r"\\(?!bar\b|mathrm\b|text\b|left\b|right\b)[A-Za-z]+|[A-Za-z](?:_(?:\{[^}]*\}|.))?")
"""A letter with its index; one alone states nothing, but a product of several does."""
WORD = re.compile(r"[−+±×≈~<>≤≥=-]*\w(?:[^\s()\[\]{}“”\"‘`$;:!?—|]*[\w%])?")
SIGN_BEFORE = re.compile(r"[−+±×≈~<>≤≥=/]\s$")
NOUN = (
    r"per cent|[a-z]*second|billion|million|thousand|token|layer|device|head|sequence|user|byte|bit|expert|step|"
    r"[kMGTP]?B|[kMGTP]?FLOP|GPU|kW|W|[mµn]?s|MHz|GHz|minute|hour|word"
)
VERB = (
    "is|as|was|has|its|this|does|us|less|plus|versus|always|adds|belongs|comes|contains|costs|counts|fits|gives|goes|grows|holds|keeps|lies|makes|"
    "means|moves|needs|pays|reads|replaces|runs|sends|shows|stands|starts|stays|takes|uses|works"
)
"""Words with the ending of a plural that are none."""
PLURAL = rf"(?!(?:{VERB})\b)[A-Za-z][\w-]*s"
UNIT_AFTER = re.compile(
    rf"\s(?:%|(?:{NOUN}|{PLURAL})(?:/(?:[kMG]?FLOP|s|byte|bit|token|param\w*))?)(?: per [a-z]+)?(?![\w-])"
)

Place = tuple[int, int]
"""Where a statement begins and ends in a readable text."""


def readable(source: str) -> str:
    r"""Return a Markdown text as it is read, in one line: without markup, labels, references and titles of pages.

    Formulas are in the form in which `normal_latex` compares them.

    >>> readable("## Two **21.7**\nms [of](a.md) {eq}`eq-x` $2^{*}$ `a*b`")
    'Two 21.7 ms $2^*$ `a*b`'
    """
    for pattern, words in MARKUP.items():
        source = re.sub(pattern, words, source, flags=re.MULTILINE)
    parts = CODE_OR_MATHEMATICS.split(source)
    for place, part in enumerate(parts):
        if part.startswith("$"):
            parts[place] = f"${normal_latex(part.strip('$'))}$"
        elif not part.startswith("`"):
            parts[place] = part.replace("*", "")
    return " ".join("".join(parts).split())


def statements(text: str, is_known: Callable[[str], bool]) -> Iterator[Place]:
    """Find what a readable text states, in order.

    `is_known` tells of a name with digits, of code between backticks, and of a letter between dollar signs whether it
    comes from elsewhere: from a catalogue, from the page's code, from the registry.

    >>> text = "From −9 to 10 ms on 2 A100s, 4 FLOP per byte: $2P$ of $b_w$, or $pq$."
    >>> [text[start:end] for start, end in statements(text, {"A100s"}.__contains__)]
    ['−9', '10 ms', '2 A100s', '4 FLOP per byte', '$2P$', '$pq$']
    """
    end = after = 0
    for special in [*CODE_OR_MATHEMATICS.finditer(text), None]:
        start = special.start() if special else len(text)
        stated = [word.span() for word in WORD.finditer(text, end, start) if re.search(r"\d", word[0])]
        if special and _states_something(special[0]):
            stated.append(special.span())
        for first, last in stated:
            if first >= after and not is_known(text[first:last].lstrip("=")):
                first, after = _extended(text, first, last)
                yield first, after
        end = special.end() if special else start


def _states_something(special: str) -> bool:
    if re.search(r"\d", special):
        return True
    return special.startswith("$") and bool(RELATION.search(special) or len({*LETTER.findall(special)}) > 1)


def _extended(text: str, start: int, end: int) -> Place:
    """Add the sign before a number, and the unit or noun after it; `16-bit` has its unit already."""
    sign = SIGN_BEFORE.search(text, 0, start)
    unit = UNIT_AFTER.match(text, end) if re.search(r"[\d$]", text[end - 1]) else None
    return (sign.start() if sign else start), (unit.end() if unit else end)


def sentence_around(text: str, place: int) -> str:
    """Return the sentence at a place, shortened.

    >>> sentence_around("One. It takes 2.5 ms. Three.", 14)
    'It takes 2.5 ms.'
    """
    ends = [match.end() for match in re.finditer(r"[.?!](?=\s|$)", text)]
    start = max((end for end in ends if end <= place), default=0)
    stop = min((end for end in ends if end > place), default=len(text))
    first, last = max(start, place - 120), min(stop, place + 120)
    return f"{'…' * (first > start)}{text[first:last].strip()}{'…' * (last < stop)}"
