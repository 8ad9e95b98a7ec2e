"""Python source as HTML with its words coloured."""

from __future__ import annotations

import io
import keyword
import tokenize
from collections.abc import Iterator

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

_OF_KIND = {
    tokenize.COMMENT: "comment",
    tokenize.NUMBER: "number",
    tokenize.STRING: "string",
}
# Up to Python 3.11 an f-string is one token, and these do not exist.
for _part in ("FSTRING_START", "FSTRING_MIDDLE", "FSTRING_END"):
    if hasattr(tokenize, _part):
        _OF_KIND[getattr(tokenize, _part)] = "string"


def highlighted(source: str) -> SafeString:
    """The source, escaped, with ``<span class="...">`` around its words."""
    return format_html_join("", "{}", ((p,) for p in _pieces(source)))


def _pieces(source: str) -> Iterator[SafeString]:
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    done = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        begin = starts[token.start[0] - 1] + token.start[1]
        end = starts[token.end[0] - 1] + token.end[1]
        kind = _kind(token)
        if kind and end > begin:
            yield format_html("{}", source[done:begin])
            yield format_html(
                '<span class="{}">{}</span>', kind, source[begin:end]
            )
            done = end
    yield format_html("{}", source[done:])


def _kind(token: tokenize.TokenInfo) -> str:
    if token.type == tokenize.NAME and keyword.iskeyword(token.string):
        return "keyword"
    if token.type == tokenize.OP and token.line.strip().startswith("@"):
        return "decorator" if token.string == "@" else ""
    return _OF_KIND.get(token.type, "")
