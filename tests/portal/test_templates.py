"""Tests that a template gets its page and nothing else, and that all words of a page are escaped."""

import dataclasses

import pytest
from jinja2 import UndefinedError, meta, nodes

from pilotage.portal.pages.difference import DifferencePage
from pilotage.portal.pages.evidence import EvidencePage
from pilotage.portal.pages.fault import FaultPage
from pilotage.portal.pages.frame import Frame
from pilotage.portal.pages.front import FrontPage
from pilotage.portal.pages.glossary import GlossaryPage
from pilotage.portal.pages.run import RunPage
from pilotage.portal.pages.runs import RunsPage
from pilotage.portal.pages.styleguide import StyleguidePage, plan_styleguide_page
from pilotage.portal.pages.use_case import UseCasePage
from pilotage.portal.render import environment, mark_code, render_page

PAGES = (
    DifferencePage,
    EvidencePage,
    FaultPage,
    FrontPage,
    GlossaryPage,
    RunPage,
    RunsPage,
    StyleguidePage,
    UseCasePage,
)
FRAME = Frame(organisation=None, banner=None, head="", as_of="", source="", assets="")


@pytest.mark.parametrize("page", PAGES)
def test_a_template_gets_its_page_alone(page: type) -> None:
    """The only name that a template takes from outside is `page`, which is frozen."""
    found = environment()
    assert found.loader is not None
    tree = found.parse(found.loader.get_source(found, page.template)[0])
    imported = {str(name) for node in tree.find_all(nodes.FromImport) for name in node.names}

    assert meta.find_undeclared_variables(tree) - imported <= {"page"}
    assert not list(tree.find_all((nodes.Include, nodes.Import)))
    assert page.__dataclass_params__.frozen


def test_every_template_belongs_to_a_page() -> None:
    """No template lies about unused."""
    assert {page.template for page in PAGES} | {"base.html", "components.html"} == set(environment().list_templates())


def test_a_missing_value_is_an_error() -> None:
    """A name that a page does not have fails the rendering instead of leaving a hole."""

    @dataclasses.dataclass(frozen=True)
    class Hole:
        template = "fault.html"
        frame = FRAME
        title = "x"

    with pytest.raises(UndefinedError):
        render_page(Hole())  # pyright: ignore[reportArgumentType] - it lacks what the template asks for


def test_the_style_guide_escapes_hostile_text() -> None:
    """The hostile text of the style guide is shown and not run."""
    html = render_page(plan_styleguide_page(FRAME))

    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Run `pilotage check`.", "Run <code>pilotage check</code>."),
        ("`<b>`", "<code>&lt;b&gt;</code>"),
        ("a ` alone", "a ` alone"),
        ("", ""),
    ],
)
def test_backticks_become_code(text: str, html: str) -> None:
    """What stands in a pair of backticks is set as code, escaped; a single one stays."""
    assert html == mark_code(text)
