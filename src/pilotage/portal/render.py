"""Pages to HTML text: one environment where an undefined name is an error and everything is escaped."""

from __future__ import annotations

from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from pilotage.portal.pages.frame import Page


def render_page(page: Page) -> str:
    """Give a page's HTML; its template is handed the page and nothing else."""
    return environment().get_template(page.template).render(page=page)


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Give the one template environment; templates are package data and never change while running."""
    found = Environment(
        loader=PackageLoader("pilotage.portal", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    found.filters["prose"] = mark_code
    return found


def mark_code(text: str) -> Markup:
    """Escape a text and set what stands in backticks as code, as messages and next steps write commands and fields."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:  # a backtick without its partner is just a backtick
        return escape(text)
    return Markup().join(
        Markup("<code>{}</code>").format(piece) if at % 2 else escape(piece) for at, piece in enumerate(pieces)
    )
