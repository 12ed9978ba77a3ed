"""Compare two built sites page by page: python tools/compare_sites.py OLD NEW.

It compares visible text, numbers, formulas, charts, controls of live charts, links, tables, anchors, scripts and
metadata of every page, then the search index and the names of all files. It lists every difference and ends with exit
status 1 if there are any. What may differ without a change of a page is left out: checksums in addresses (?v=...,
?digest=...), the date on which a page last changed, and the versions of extensions in the search index.
"""

import json
import re
import sys
from collections.abc import Iterator
from difflib import unified_diff
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, Tag

CHECKSUM = re.compile(r"\?(?:v|digest)=\w+")
NUMBER = re.compile(r"\d[\d.,]*")
MOST_LINES = 40


def plain(text: object) -> str:
    return " ".join(CHECKSUM.sub("", str(text)).split())


def tag_text(tag: Tag) -> str:
    attributes = " ".join(f"{name}={plain(tag.get_attribute_list(name))}" for name in sorted(tag.attrs))
    return f"<{tag.name} {attributes}> {plain(tag.get_text(' '))}"


def chart_text(image: Tag, page: Path) -> str:
    """Describe a picture by its attributes and its content, or a live chart's picture by its source."""
    if image.name == "svg":
        return plain(image)
    path = page.parent / unquote(urlsplit(image["src"]).path)
    content = sha256(path.read_bytes()).hexdigest()[:16] if path.is_file() else "missing"
    others = {name: value for name, value in sorted(image.attrs.items()) if name != "src"}
    return plain(f"{path.suffix} {content} {others}")


def contents_of(page: Path) -> dict[str, list[str]]:
    """List what a page holds, by kind and in the order of the page."""
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    for date in soup.select(".book-footer span:has(> time)"):
        date.decompose()
    found = {
        "metadata": [tag_text(tag) for tag in soup.select("title, meta, link")],
        "scripts": [tag_text(tag) for tag in soup.select("script:not([type='application/json'])")],
        "Vega specifications": [
            line
            for tag in soup.select("script[type='application/json']")
            for line in json.dumps(json.loads(tag.string), indent=1).splitlines()
        ],
        "charts": [chart_text(image, page) for image in soup.select("img, svg")],
        "controls": [tag_text(tag) for tag in soup.select("input, select, option, optgroup, button, output, details")],
        "links": [tag_text(tag) for tag in soup.select("a[href]")],
        "anchors": [tag["id"] for tag in soup.select("[id]")],
        "formulas": [plain(tag) for tag in soup.select("mjx-assistive-mml")],
        "tables": [" | ".join(plain(cell.text) for cell in row.select("th, td")) for row in soup.select("table tr")],
    }
    for hidden in soup.select("script, style, svg, head"):
        hidden.decompose()
    found["text"] = [line for line in map(plain, soup.get_text("\n").splitlines()) if line]
    found["numbers"] = NUMBER.findall(" ".join(found["text"]))
    found["elements"] = [
        f"{tag.name}.{'.'.join(tag.get_attribute_list('class') if tag.has_attr('class') else [])}"
        for tag in soup.find_all(True)
    ]
    return found


def site_contents(root: Path) -> dict[str, list[str]]:
    """List the names of a site's files, and the entries of its search index."""
    index = (root / "searchindex.js").read_text(encoding="utf-8")
    entries = json.loads(index[index.index("(") + 1 : index.rindex(")")])
    del entries["envversion"]
    return {
        "files": sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()),
        "search index": [f"{key}: {json.dumps(value, sort_keys=True)}" for key, value in sorted(entries.items())],
    }


def pages_of(root: Path) -> set[str]:
    paths = (path.relative_to(root) for path in root.rglob("*.html"))
    return {path.as_posix() for path in paths if "_static" not in path.parts}


def differences(old: dict[str, list[str]], new: dict[str, list[str]]) -> Iterator[str]:
    for kind in old:
        lines = list(unified_diff(old[kind], new[kind], lineterm="", n=0))[2:]
        changed = [line if len(line) < 300 else f"{line[:300]} ..." for line in lines if not line.startswith("@@")]
        if changed:
            yield f"  {kind}: {len(changed)} lines"
            yield from (f"    {line}" for line in changed[:MOST_LINES])


def main(old: Path, new: Path) -> int:
    """Print all differences, and return how many pages differ."""
    different = 0
    for name in sorted(pages_of(old) | pages_of(new)):
        missing = [str(root) for root in (old, new) if not (root / name).exists()]
        found = [f"  not in {root}" for root in missing]
        found = found or list(differences(contents_of(old / name), contents_of(new / name)))
        if found:
            print(name, *found, sep="\n")
            different += 1
    found = list(differences(site_contents(old), site_contents(new)))
    if found:
        print("the whole site", *found, sep="\n")
    print(f"{different} pages differ")
    return different + bool(found)


if __name__ == "__main__":
    sys.exit(min(1, main(*map(Path, sys.argv[1:3]))))
