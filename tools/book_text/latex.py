"""Compare formulas as they are read, whichever way their LaTeX is written."""

import re

GROUP = r"\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}"
FRACTION = re.compile(rf"\\[td]?frac\s*(?:{GROUP}|(\d))\s*(?:{GROUP}|(\d))")
SPACING = re.compile(r"\\(?:left|right|[bB]igg?[lr]?|quad|nolimits)(?![a-zA-Z])|(?<!\\)\\[,;:! ]|\s+")
SINGLE = re.compile(r"\{([\w*]|\\[a-zA-Z]+ ?)\}")
ATOM = re.compile(r"(?:\\(?:bar|hat|tilde) ?\{?[A-Za-z]\}?|\\[A-Za-z]+|[A-Za-z])(?:_(?:\w|\{[^{}]*\}))?|\d+")


SYNONYMS = {r"\\leq?(?![a-zA-Z])": r"\\le ", r"\\geq?(?![a-zA-Z])": r"\\ge "}


def without_brackets(tex: str) -> str:
    r"""Remove what stands in brackets.

    >>> without_brackets(r"s \left(s + 1\right)")
    's \\left'
    """
    while (shorter := re.sub(r"\([^()]*\)", "", tex)) != tex:
        tex = shorter
    return tex


def normal_latex(tex: str) -> str:
    r"""Return LaTeX without what does not change its meaning: spacing, braces around one letter, the kind of fraction.

    >>> normal_latex(r"\frac{\varphi P}{N A_{f}}"), normal_latex(r"\varphi P / (N A_f)")
    ('\\varphi P/(NA_f)', '\\varphi P/(NA_f)')
    >>> normal_latex(r"\frac{N - 1}{N}"), normal_latex("12 n h^{2}")
    ('(N-1)/N', '12nh^2')
    """
    while found := FRACTION.search(tex):
        top, bottom = found[1] or found[2], found[3] or found[4]
        top = f"({top})" if re.search(r"[+-]", without_brackets(top)) else top
        bottom = bottom if ATOM.fullmatch(normal_latex(bottom)) else f"({bottom})"
        tex = f"{tex[: found.start()]} {top}/{bottom} {tex[found.end() :]}"
    for pattern, word in SYNONYMS.items():
        tex = re.sub(pattern, word, tex)
    tex = SPACING.sub(" ", tex)
    tex = re.sub(r"\\cdot(?![a-zA-Z])(?!\s*\d)", " ", tex)
    tokens = re.findall(r"\\[a-zA-Z]+|\\.|\S", tex)
    tex = "".join(f"{token} " if re.search(r"\\[a-zA-Z]+$", token) else token for token in tokens)
    return re.sub(r" (?![a-zA-Z])", "", SINGLE.sub(r"\1", SINGLE.sub(r"\1", tex)))
