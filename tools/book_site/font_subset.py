"""Cut a font down to the characters in use."""

import io
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont


def font_subset(path: Path, characters: set[str]) -> bytes:
    """Return a WOFF font with those of the characters that the font has; nothing if it has none of them."""
    font = TTFont(path, recalcTimestamp=False)
    kept = {ord(character) for character in characters} & font.getBestCmap().keys()
    if not kept:
        return b""
    options = Options(hinting=False, notdef_outline=True, layout_features=[])
    options.drop_tables += ["FFTM"]  # FontForge's time stamp
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=kept)
    subsetter.subset(font)
    font.flavor = "woff"
    buffer = io.BytesIO()
    font.save(buffer)
    return buffer.getvalue()
