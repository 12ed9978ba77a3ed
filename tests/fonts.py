"""Read the fonts of a style sheet."""

import base64
import io
import re

from fontTools.ttLib import TTFont


def fonts_in(css):
    """Return the fonts that a style sheet holds as data, by their family."""
    face = r'font-family: "?([\w -]+)"?;\s*(?:font-weight: \d+;\s*)?src: url\("data:font/woff;base64,([^"]+)"'
    faces = re.findall(face, css)
    return {family: TTFont(io.BytesIO(base64.b64decode(data))) for family, data in faces}
