"""HTML bodies to plain text: only what a reader would see, quotations marked with "> ", time bounded by size.

inscriptis lays out the text (tables keep their columns). What it cannot take - too many elements, nesting beyond
libxml2's limit, where it silently gives nothing - goes through a plain tag stripper instead.
"""

from __future__ import annotations

import re
from functools import cache
from html import unescape

from inscriptis.css_profiles import STRICT_CSS_PROFILE
from inscriptis.html_engine import Inscriptis
from inscriptis.model.config import ParserConfig
from lxml import etree, html  # type: ignore[import-untyped]  # lxml ships no type information

from bot.rules.mail_charsets import clean_text

MAX_HTML = 400_000
_MOST_ELEMENTS = 6_000
_DEEPEST = 200
_DEEPEST_TABLES = 10  # laying out a table costs its whole text once more at every level above it
_LARGEST_LAYOUT = 4_000_000  # characters
_LONG_TAG = re.compile(r"<[^<>]{10000}")  # libxml2 takes quadratic time over the attributes of one tag

_DATA_URI = re.compile(r"data:[\w/+.;=-]{0,100};base64,[A-Za-z0-9+/=%\s]*")
_UNSEEN_TAGS = frozenset({
    "applet", "area", "audio", "base", "canvas", "datalist", "embed", "frame", "frameset", "head", "iframe", "img",
    "link", "map", "meta", "noframes", "noscript", "object", "script", "select", "style", "svg", "template",
    "textarea", "title", "video",
})  # fmt: skip
_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all"
    r"|opacity\s*:\s*0(?:\.0{1,9})?(?![.\d])|(?:^|[;\s])color\s*:\s*transparent"
    r"|(?:font-size|max-height)\s*:\s*(?:0(?:\.0{1,9})?(?:px|pt|em|rem|%)?|1px)\s*(?:[;!]|$)"
    r"|(?:text-indent|left|top)\s*:\s*-\d{4,9}\s*(?:px|pt|em)|clip\s*:\s*rect\(\s*[01](?:px)?[\s,]",
    re.IGNORECASE,
)
# The style element's rules for one class or id; what is within an at-rule holds for some screens only.
_CSS_COMMENT = re.compile(r"/\*.*?(?:\*/|$)", re.DOTALL)
_AT_RULE = re.compile(r"@[^{};]{0,500}+\{(?:[^{}]*+\{[^{}]*+\})*+[^{}]*+(?:\}|$)")
_COLOURS = re.compile(
    r"(?:^|[;\s])(background(?:-color)?|color)\s*:\s*(#[0-9a-f]{3,6}|[a-z]{3,20})(?=\s*(?:[;!]|$))", re.IGNORECASE
)
_SIMPLE_SELECTOR = re.compile(r"\s*[a-zA-Z0-9]{0,20}([.#][\w-]{1,100})\s*", re.ASCII)
_LONGEST_STYLES = 50_000
_KEEPS_LINES = re.compile(r"white-space\s*:\s*pre", re.IGNORECASE)
_QUOTE_CLASS = re.compile(r"quote|cite", re.IGNORECASE)
_QUOTE_STYLE = re.compile(r"border-left(?!\s*:\s*(?:0|none))", re.IGNORECASE)

# Private-use characters stand where a quotation begins and ends while the text is laid out.
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"[{_OPEN}{_CLOSE}]")

_TAG = re.compile(r"<!--.*?(?:-->|$)|<(/?)([a-zA-Z][a-zA-Z0-9]*)[^<>]*>?|<[!?][^<>]*>?", re.DOTALL)
_BREAKING_TAGS = frozenset({
    "address", "article", "blockquote", "br", "center", "dd", "div", "dl", "dt", "footer", "form", "h1", "h2", "h3",
    "h4", "h5", "h6", "header", "hr", "li", "ol", "p", "pre", "section", "table", "tr", "ul",
})  # fmt: skip
_ATTRIBUTE = re.compile(r"([a-zA-Z-]{1,40})(?:\s{0,9}=\s{0,9}(\"[^\"]*\"|'[^']*'|[^\s>]+))?")
_EMPTY_TAGS = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr"})
# Elements whose content the stripper skips; the others of _UNSEEN_TAGS are empty or hold only fallback text.
_SKIPPED_TAGS = frozenset({"head", "noscript", "script", "style", "svg", "template", "title"})
_BLANK_LINES = re.compile(r"\n{3,}")
_TRAILING = re.compile(r"[ \t]+$", re.MULTILINE)


def text_from_html(source: str, limit: int = MAX_HTML, *, lay_out: bool = True) -> tuple[str, str | None]:
    """Convert an HTML body to plain text.

    Args:
        source: The decoded HTML.
        limit: How many characters are looked at, inline images already left out.
        lay_out: False to strip the tags at once, where a mail has too much HTML for better.

    Returns:
        The text, and a problem in words where something had to be left out.
    """
    source = _MARK.sub("", clean_text(_DATA_URI.sub("", source)))
    problem = None
    if len(source) > limit:
        source, problem = source[:limit], f"HTML body longer than {limit} characters"
    text = _laid_out(source) if lay_out else None
    if text is None or not text.strip():
        text = _stripped(source)
    return _tidy(text), problem


@cache
def _config() -> ParserConfig:
    return ParserConfig(css=STRICT_CSS_PROFILE, display_links=False, display_images=False, table_cell_separator="  ")


def _laid_out(source: str) -> str | None:
    """The text as inscriptis lays it out; None where the document is beyond it."""
    if source.count("<") > 2 * _MOST_ELEMENTS + 1_000 or _LONG_TAG.search(source):
        return None
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    try:
        tree = html.document_fromstring(source.encode(), parser=parser)
        if not _is_moderate(tree):
            return None
        _keep_what_is_seen(tree)
        _part_blocks(tree)
        return str(Inscriptis(tree, _config()).get_text())
    except (etree.LxmlError, ValueError, AssertionError, LookupError, TypeError, AttributeError, RecursionError):
        return None  # lxml refuses, or inscriptis trips over unusual markup; the stripper takes everything


def _is_moderate(tree: html.HtmlElement) -> bool:
    """Whether laying the document out stays cheap.

    Every line of a table is padded to the width of its longest cell, so that lines times width bounds the result.
    """
    depth = elements = lines = longest = 0
    cells: list[int] = []
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        if event == "start":
            depth, elements = depth + 1, elements + 1
            if element.tag in {"td", "th"}:
                cells.append(0)
            text = element.text or ""
        else:
            depth -= 1
            if element.tag in {"td", "th"} and cells:
                length = cells.pop()
                longest = max(longest, length)
                if cells:
                    cells[-1] += length
            text = element.tail or ""
        if cells:
            cells[-1] += len(text)
            lines += text.count("\n") + 1
        if depth > _DEEPEST or elements > _MOST_ELEMENTS or len(cells) > _DEEPEST_TABLES:
            return False
    return lines * longest <= _LARGEST_LAYOUT


def _keep_what_is_seen(tree: html.HtmlElement) -> None:
    """Drop what a reader does not see, and mark the quotations."""
    unseen, quotations = [], []
    hidden = _hidden_names("".join(element.text or "" for element in tree.iter("style")))
    for element in tree.iter(etree.Element):
        style = element.attrib.pop("style", "")
        if _is_unseen(element, style) or (hidden and not hidden.isdisjoint(_names(element))):
            unseen.append(element)
        elif element.tag == "blockquote" and _is_quotation(element.get("type"), element.get("class"), style):
            quotations.append(element)
        if _KEEPS_LINES.search(style):
            element.set("style", "white-space: pre")
    for element in unseen:
        element.drop_tree()
    for element in quotations:
        _mark_quotation(element)


def _hidden_names(styles: str) -> frozenset[str]:
    """The classes (".x") and ids ("#x") that a style element hides, from selectors of just one name."""
    if not _HIDDEN_STYLE.search(styles):
        return frozenset()
    names: set[str] = set()
    for rule in _AT_RULE.sub("", _CSS_COMMENT.sub("", styles[:_LONGEST_STYLES])).split("}"):
        selectors, _, style = rule.partition("{")
        if _is_hiding(style):
            names.update(match[1] for one in selectors.split(",") if (match := _SIMPLE_SELECTOR.fullmatch(one)))
    return frozenset(names)


def _names(element: html.HtmlElement) -> list[str]:
    return [f".{name}" for name in element.get("class", "").split()] + [f"#{element.get('id', '')}"]


def _part_blocks(tree: html.HtmlElement) -> None:
    """Make paragraphs and tables begin and end where a reader sees them do."""
    for element in list(tree.iter("p")):
        if element.get("class", "").startswith("Mso"):
            _flatten_paragraph(element)
    for element in list(tree.iter("table")):
        if element.getparent() is not None:
            element.addprevious(html.Element("div"))  # inscriptis begins a table on the line of the text before it


def _flatten_paragraph(element: html.HtmlElement) -> None:
    """Outlook makes every line a paragraph without margins, and a blank line one that holds a fixed space."""
    element.tag = "div"
    if not element.text_content().strip():
        tail = element.tail
        element.clear()
        element.tail = tail
        element.append(html.Element("br"))


def _mark_quotation(element: html.HtmlElement) -> None:
    first = html.Element("div")
    first.text, first.tail = _OPEN, element.text
    last = html.Element("div")
    last.text, element.text = _CLOSE, None
    element.insert(0, first)
    element.append(last)


def _is_unseen(element: html.HtmlElement, style: str) -> bool:
    return element.tag in _UNSEEN_TAGS or "hidden" in element.attrib or bool(style and _is_hiding(style))


def _is_hiding(style: str) -> bool:
    """Whether a style makes its element invisible: not shown, no size, no opacity, or the colour of its ground."""
    if _HIDDEN_STYLE.search(style):
        return True
    colours = {name[:10].lower(): _colour(value) for name, value in _COLOURS.findall(style)}
    return "color" in colours and colours["color"] == colours.get("background")


def _colour(value: str) -> str:
    value = {"white": "#ffffff", "black": "#000000"}.get(value.lower(), value.lower())
    return "#" + "".join(digit * 2 for digit in value[1:]) if len(value) == 4 and value[0] == "#" else value


def _is_quotation(kind: str | None, css_class: str | None, style: str) -> bool:
    """A blockquote may also be a mere indentation (Outlook on the web); then its text is the sender's own."""
    return kind == "cite" or bool(_QUOTE_CLASS.search(css_class or "")) or bool(_QUOTE_STYLE.search(style))


def _stripped(source: str) -> str:
    """The text without its tags, in one pass; hidden elements are left out and quotations marked as far as they close.

    What is opened as hidden and never closed would hide the rest, so that it is shown.
    """
    text, unclosed = _one_pass(source, len(source))
    if unclosed is None and text.strip():
        return text
    return _one_pass(source, unclosed or 0)[0]


def _one_pass(source: str, hides_until: int) -> tuple[str, int | None]:
    """The text, and where an element that was skipped begins that came to no end.

    Scripts and styles are skipped in any case, other elements where they are hidden and begin before a position.
    """
    pieces: list[str] = []
    quotations: list[bool] = []
    position, skipping, depth, begun = 0, "", 0, 0
    for match in _TAG.finditer(source):
        closing, tag = match[1], (match[2] or "").lower()
        if skipping:
            if tag == skipping and skipping not in _SKIPPED_TAGS:
                depth += -1 if closing else 1
            if (closing and tag == skipping and (skipping in _SKIPPED_TAGS or depth == 0)) or (
                skipping == "head" and tag == "body"
            ):
                skipping, position = "", match.end()
            continue
        pieces.append(source[position : match.start()].replace("\n", " "))
        position = match.end()
        if (
            not closing
            and tag not in _EMPTY_TAGS
            and _begins_unseen(tag, match[0], may_hide=match.start() < hides_until)
        ):
            skipping, depth, begun = tag, 1, match.start()
        elif tag == "blockquote":
            pieces.append(_quotation_mark(match[0], quotations, closing=bool(closing)))
        elif tag in _BREAKING_TAGS:
            pieces.append("\n")
        elif tag in {"td", "th"}:
            pieces.append("  ")
    if not skipping:
        pieces.append(source[position:].replace("\n", " "))
    pieces.extend(f"\n{_CLOSE}" for is_marked in quotations if is_marked)
    return unescape("".join(pieces)), begun if skipping else None


def _begins_unseen(tag: str, source: str, *, may_hide: bool) -> bool:
    if tag in _SKIPPED_TAGS:
        return True
    if not may_hide or len(source) == len(tag) + 2:
        return False
    attributes = {name.lower(): value.strip("\"'") for name, value in _ATTRIBUTE.findall(source[len(tag) + 1 : 2_000])}
    return "hidden" in attributes or _is_hiding(attributes.get("style", ""))


def _quotation_mark(source: str, quotations: list[bool], *, closing: bool) -> str:
    """What stands for a blockquote's beginning or end; `quotations` says of the open ones which are marked."""
    if closing:
        return f"\n{_CLOSE}\n" if quotations and quotations.pop() else "\n"
    attributes = {name.lower(): value.strip("\"'") for name, value in _ATTRIBUTE.findall(source[11:2_000])}
    quotations.append(_is_quotation(attributes.get("type"), attributes.get("class"), attributes.get("style", "")))
    return f"\n{_OPEN}\n" if quotations[-1] else "\n"


def _tidy(text: str) -> str:
    """Turn the marks into "> " prefixes where they pair up, and squeeze blank lines."""
    lines = clean_text(text).replace("\xa0", " ").split("\n")
    if _OPEN in text:
        lines = _with_prefixes(lines)
    text = _TRAILING.sub("", _MARK.sub("", "\n".join(lines)))
    return _BLANK_LINES.sub("\n\n", text).strip("\n")


def _with_prefixes(lines: list[str]) -> list[str]:
    result: list[str] = []
    depth = 0
    for line in lines:
        if line.strip() == _OPEN:
            depth += 1
        elif line.strip() == _CLOSE:
            depth -= 1
        else:
            result.append("> " * min(depth, 20) + line if depth > 0 else line)
        if depth < 0:
            return lines
    return result if depth == 0 else lines
