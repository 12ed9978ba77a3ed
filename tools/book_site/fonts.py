"""Fonts cut down to the characters in use."""

import io
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont


def subset(path: Path, characters: set[str]) -> bytes:
    """Cut a font down to some characters.

    Parameters
    ----------
    path : pathlib.Path
        The font.
    characters : set of str
        The characters to keep, where the font has them.

    Returns
    -------
    bytes
        The smaller font, in WOFF; nothing if it has none of the characters.
    """
    font = TTFont(path, recalcTimestamp=False)
    kept = {ord(character) for character in characters} & font.getBestCmap().keys()
    if not kept:
        return b""
    options = Options(hinting=False, notdef_outline=True, layout_features=[])
    options.drop_tables += ["FFTM"]  # when FontForge wrote the font
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=kept)
    subsetter.subset(font)
    font.flavor = "woff"
    buffer = io.BytesIO()
    font.save(buffer)
    return buffer.getvalue()
