"""HTML to plain lines: what is quoted becomes a line of ">", what is not seen is left out.

How mail programs mark what they quote is in no standard; the marks are their own.
"""

from __future__ import annotations

import contextlib
import re
from html.parser import HTMLParser

QUOTED = ">"
_BLOCKS = {
    # A paragraph is a line: Outlook makes one of each.
    *("p", "div", "br", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("pre", "section", "article", "header", "footer", "dl", "dt", "dd", "hr", "center", "address"),
}
_UNSEEN = {"script", "style", "head", "title", "template", "noscript", "object", "svg", "math"}
_VOID = {*("br", "hr", "img", "meta", "link", "input", "wbr", "col", "area", "base", "embed")}
# Elements that hold a quote, or the line before it.
_QUOTES = re.compile(
    r"\b(?:gmail_quote(?:_container)?|gmail_attr|gmail_extra|yahoo_quoted\w*|moz-cite-prefix"
    r"|moz-forward-container|protonmail_quote|zmail_extra|tutanota_quote|mail_quote|quoted-?header"
    r"|k9mail-quote|__QUOTED_TEXT__|__HEADERS__|OLK_SRC_BODY_SECTION)\b",
    re.IGNORECASE,
)
_SIGNATURES = re.compile(
    r"\b(?:gmail_signature\w*|moz-signature|AppleMailSignature|ms-outlook-mobile-signature"
    r"|k9mail-signature|protonmail_signature_block|ydp\w*signature|__SIG_(?:POST|PRE)__)\b"
    r"|^signature$|^mail-?signature$",
    re.IGNORECASE,
)
# All after them is another's letter.
_ENDS = re.compile(
    r"^(?:(?:x_)*divRplyFwdMsg|(?:x_)*appendonsend|zwchr|stopSpelling)$", re.IGNORECASE
)
# Word's line above the header of what is answered.
_OUTLOOK_LINE = re.compile(r"border-top:\s*solid\s+#?(?:e1e1e1|b5c4df)\s+1\.0pt", re.IGNORECASE)
_HIDDEN = re.compile(r"display:\s*none", re.IGNORECASE)
_CONDITION = re.compile(r"<!\[[^<>\]]*\]>")  # html.parser raises on some of Word's


def text_of(page: str) -> str:
    """The text of a page as lines; each quote in it is one line that begins with ">"."""
    reader = _Reader()
    # No close(): what never ends would be searched to the end from each of its letters.
    # Where html.parser raises, what was read until then is what is said.
    with contextlib.suppress(AssertionError, ValueError, RecursionError):
        reader.feed(_CONDITION.sub("", page) + "\n<br>")
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._pieces: list[str] = []
        self._skipped: str | None = None  # the element that is left out
        self._depth = 0
        self._pre = 0
        self._ended = False

    def text(self) -> str:
        lines = "".join(self._pieces).split("\n")
        return "\n".join(line.strip(" ") for line in lines)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._ended:
            return
        if self._skipped is not None:
            self._depth += tag == self._skipped
            return
        values = {name: value or "" for name, value in attrs[:40]}
        if self._leave_out(tag, values):
            return
        if tag == "pre":
            self._pre += 1
        if tag in _BLOCKS:
            self._line(even_if_empty=tag == "br")
        elif tag in {"td", "th"}:
            self._pieces.append(" ")

    def _leave_out(self, tag: str, values: dict[str, str]) -> bool:
        """Whether an element, or all from here on, is left out."""
        names = " ".join(
            (values.get("class", ""), values.get("id", ""), values.get("data-marker", ""))
        )
        style = values.get("style", "")
        if _ENDS.match(values.get("id", "")) or _OUTLOOK_LINE.search(style):
            self._quote()
            self._ended = True
            return True
        quoted = tag == "blockquote" or _QUOTES.search(names) is not None
        signature = any(_SIGNATURES.search(it) for it in (*names.split(), values.get("id", "")))
        if not (quoted or signature or tag in _UNSEEN or _HIDDEN.search(style)):
            return False
        if quoted:
            self._quote()
        if "__HEADERS__" in names or "__QUOTED_TEXT__" in names:
            self._ended = True
        elif tag not in _VOID:
            self._skipped, self._depth = tag, 1
        return True

    def handle_endtag(self, tag: str) -> None:
        if self._ended:
            return
        if self._skipped is not None:
            self._depth -= tag == self._skipped
            if not self._depth:
                self._skipped = None
            return
        if tag == "pre":
            self._pre = max(self._pre - 1, 0)
        if tag in _BLOCKS:
            self._line()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        if self._ended or self._skipped is not None:
            return
        if not self._pre:
            data = re.sub(r"[ \t\r\n\f]+", " ", data)
            if not self._pieces or self._pieces[-1].endswith("\n"):
                data = data.lstrip(" ")
        if data:
            self._pieces.append(data)

    def _line(self, *, even_if_empty: bool = False) -> None:
        if self._pieces and (even_if_empty or not self._pieces[-1].endswith("\n")):
            self._pieces.append("\n")

    def _quote(self) -> None:
        self._line()
        self._pieces.append(f"{QUOTED}\n")
