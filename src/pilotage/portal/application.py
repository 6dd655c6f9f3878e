"""The portal as a Starlette application: each address reads, plans a page, renders it; nothing is ever written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from pilotage.core.canonical import digest_of_bytes
from pilotage.core.errors import PilotageError
from pilotage.evaluation.outcome import State
from pilotage.evaluation.reports.files import items_as_csv, items_as_json
from pilotage.evaluation.reports.report import RunReport
from pilotage.ledger.entry import Entry
from pilotage.ledger.records.assessment import Assessment
from pilotage.ledger.records.release import Release
from pilotage.portal.assets import assets_version, read_assets
from pilotage.portal.month import plan_month
from pilotage.portal.pages.difference import plan_difference_page
from pilotage.portal.pages.evidence import plan_evidence_page
from pilotage.portal.pages.fault import plan_fault, plan_missing, plan_missing_use_case
from pilotage.portal.pages.frame import Frame, Page, plan_frame
from pilotage.portal.pages.front import plan_front_page
from pilotage.portal.pages.glossary import plan_glossary_page
from pilotage.portal.pages.run import plan_run_page
from pilotage.portal.pages.runs import plan_runs_page
from pilotage.portal.pages.styleguide import plan_styleguide_page
from pilotage.portal.pages.use_case import plan_use_case_page
from pilotage.portal.reader import PortalReader
from pilotage.portal.render import render_page
from pilotage.portal.safety import SAFE_HEADERS, SafeHeaders
from pilotage.registry.catalog import Catalog

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
_RUN = re.compile(r"[0-9A-Z]{26}")
_STATES: dict[str, State] = {"fail": "fail", "not-measured": "not-measured", "pass": "pass"}
_LEAF = re.compile(r"[1-9][0-9]{0,5}")
_GZIP_FROM = 1_000
_SENT_TOGETHER = 100


def build_portal(reader: PortalReader) -> Starlette:
    """Build the portal over a reader.

    Addresses: `/`, `/use-cases/NAME`, `/evidence/DIGEST`, `/runs`, `/runs/RUN` with `/items.csv`, `/items.json` and
    `/against/RUN` below it, `/glossary`, `/styleguide`, and below `/portal/` the ledger's head for polling, and the
    assets. It wants to stand at the root, beside the gateway under `/v1`.
    """
    desk = _Desk(reader)
    return Starlette(
        routes=[
            Route("/", desk.front),
            Route("/use-cases/{name}", desk.use_case),
            Route("/evidence/{digest}", desk.evidence),
            Route("/runs", desk.runs),
            Route("/runs/{run}", desk.run),
            Route("/runs/{run}/items.csv", desk.items_csv),
            Route("/runs/{run}/items.json", desk.items_json),
            Route("/runs/{run}/against/{other}", desk.difference),
            Route("/glossary", desk.glossary),
            Route("/styleguide", desk.styleguide),
            Route("/portal/head", desk.head),
            Route("/portal/static/{name}", desk.asset),
        ],
        middleware=[Middleware(SafeHeaders), Middleware(GZipMiddleware, minimum_size=_GZIP_FROM)],
        exception_handlers={
            HTTPException: desk.refused,
            PilotageError: desk.broken,
            Exception: desk.failed,
        },
    )


class _Desk:
    """Answers requests; plain functions, so Starlette runs them in threads and reads may block."""

    def __init__(self, reader: PortalReader) -> None:
        self._reader = reader

    def front(self, request: Request) -> Response:
        """Answer the front page."""
        now, catalog = self._reader.now(), self._reader.read_catalog()
        names = [] if catalog is None else sorted(catalog.use_cases)
        assessments = {name: found for name in names if (found := self._assessment_of(name)) is not None}
        since, until = plan_month(now, "UTC" if catalog is None else catalog.organisation.time_zone)
        usage = {name: self._reader.read_usage(since=since, until=until, use_case=name) for name in names}
        usage[""] = self._reader.read_usage(since=since, until=until)
        return _page(plan_front_page(self._frame(catalog), catalog, assessments, usage, now, _leaf(request)))

    def use_case(self, request: Request) -> Response:
        """Answer a use case's page, or which names are near to a wrong one."""
        name: str = request.path_params["name"]
        now, catalog = self._reader.now(), self._reader.read_catalog()
        frame = self._frame(catalog)
        if catalog is None or not _NAME.fullmatch(name) or name not in catalog.use_cases:
            return _page(plan_missing_use_case(frame, name, () if catalog is None else catalog.use_cases), 404)
        since, until = plan_month(now, catalog.organisation.time_zone)
        usage = self._reader.read_usage(since=since, until=until, use_case=name)
        entries = self._reader.read_entries(use_case=name)
        return _page(plan_use_case_page(frame, catalog, name, entries, usage, now))

    def evidence(self, request: Request) -> Response:
        """Answer one record."""
        catalog = self._reader.read_catalog()
        frame = self._frame(catalog)
        digest = _DIGEST.fullmatch(request.path_params["digest"])
        if digest is None:
            what = "This is no digest of a record."
            return _page(plan_missing(frame, what, "A digest is `sha256:` and 64 hexadecimal digits."), 404)
        entry = self._reader.read_entry(f"sha256:{digest[1]}")
        if entry is None:
            remedy = "It may be the digest of an artefact or of a document; only records have pages."
            return _page(plan_missing(frame, "The ledger holds no record of this digest.", remedy), 404)
        return _page(plan_evidence_page(frame, catalog, entry, self._reader.now()))

    def runs(self, request: Request) -> Response:
        """Answer the list of all runs, or of those of a use case."""
        catalog = self._reader.read_catalog()
        frame, use_case = self._frame(catalog), request.query_params.get("use-case") or None
        if use_case is not None and (catalog is None or use_case not in catalog.use_cases):
            return _page(plan_missing_use_case(frame, use_case, () if catalog is None else catalog.use_cases), 404)
        lines = self._reader.runs.read_lines(use_case=use_case)
        return _page(plan_runs_page(frame, catalog, lines, use_case, _leaf(request), self._reader.now()))

    def run(self, request: Request) -> Response:
        """Answer a run: what it found, and a page of its items."""
        catalog = self._reader.read_catalog()
        report = self._report(request.path_params["run"], catalog)
        if report is None:
            return self._no_run(catalog)
        runs = self._reader.runs
        page = runs.read_page(report, _STATES.get(request.query_params.get("state", "")), _leaf(request))
        texts = runs.read_texts(report, page.lines)
        return _page(plan_run_page(self._frame(catalog), catalog, report, page, texts, self._reader.now()))

    def difference(self, request: Request) -> Response:
        """Answer two runs compared."""
        catalog = self._reader.read_catalog()
        after = self._report(request.path_params["run"], catalog)
        before = self._report(request.path_params["other"], catalog)
        if before is None or after is None:
            return self._no_run(catalog)
        runs = self._reader.runs
        difference = runs.read_difference(before, after)
        page = runs.read_pair_page(before, after, difference, _leaf(request))
        texts = (
            runs.read_texts(before, [line.before for line in page.lines]),
            runs.read_texts(after, [line.after for line in page.lines]),
        )
        frame, now = self._frame(catalog), self._reader.now()
        return _page(plan_difference_page(frame, (before, after), difference, page, texts, now))

    def items_csv(self, request: Request) -> Response:
        """Answer all items of a run as CSV, a few at a time."""
        catalog = self._reader.read_catalog()
        report = self._report(request.path_params["run"], catalog)
        if report is None:
            return self._no_run(catalog)
        lines = items_as_csv(self._reader.runs.read_every_item(report))
        return _download(lines, f"{report.line.run}.csv", "text/csv; charset=utf-8")

    def items_json(self, request: Request) -> Response:
        """Answer a run with all its items as JSON, a few at a time."""
        catalog = self._reader.read_catalog()
        report = self._report(request.path_params["run"], catalog)
        if report is None:
            return self._no_run(catalog)
        parts = items_as_json(report, self._reader.runs.read_every_item(report))
        return _download(parts, f"{report.line.run}.json", "application/json")

    def glossary(self, _request: Request) -> Response:
        """Answer the words."""
        return _page(plan_glossary_page(self._frame(self._reader.read_catalog())))

    def styleguide(self, _request: Request) -> Response:
        """Answer each component in its extremes."""
        return _page(plan_styleguide_page(self._frame(self._reader.read_catalog())))

    def head(self, request: Request) -> Response:
        """Answer the ledger's head; 304 to whoever has it."""
        head = _head_token(self._reader.head())
        headers = {"etag": f'"{head}"', "cache-control": "no-cache"}
        known = request.headers.get("if-none-match", "")
        if f'"{head}"' in (part.strip().removeprefix("W/") for part in known.split(",")):
            return Response(status_code=304, headers=headers)
        return PlainTextResponse(head, headers=headers)

    def asset(self, request: Request) -> Response:
        """Answer style sheet, script or icon."""
        asset = read_assets().get(request.path_params["name"])
        if asset is None:
            raise HTTPException(404)
        return Response(
            asset.data,
            media_type=asset.media_type,
            headers={"cache-control": "public, max-age=31536000, immutable"},
        )

    def refused(self, _request: Request, error: Exception) -> Response:
        """Answer an address that is not there, or a method that no page has."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
        if status == 404:  # noqa: PLR2004 - HTTP's word for not found
            page = plan_missing(self._safe_frame(), "There is no page at this address.", "Go on from the front page.")
        else:
            page = plan_fault(
                self._safe_frame(), status, "This address does not take such a request.", "Pages are only read (GET)."
            )
        return _page(page, status, headers)

    def broken(self, _request: Request, error: Exception) -> Response:
        """Answer what the ledger, the storage or the registry could not give."""
        what = error.message if isinstance(error, PilotageError) else "Something went wrong."
        remedy = error.remedy if isinstance(error, PilotageError) else ""
        return _page(plan_fault(self._safe_frame(), 503, what, remedy), 503)

    def failed(self, _request: Request, _error: Exception) -> Response:
        """Answer a fault of ours; what it was stands in the log and not on the page."""
        what = "Something went wrong here, and it is not your doing."
        remedy = "Try again; the log of the server holds what happened."
        # This answer is made outside all middleware.
        return _page(plan_fault(self._safe_frame(), 500, what, remedy), 500, SAFE_HEADERS)

    def _report(self, run: str, catalog: Catalog | None) -> RunReport | None:
        return self._reader.runs.read_report(run, catalog) if _RUN.fullmatch(run) else None

    def _no_run(self, catalog: Catalog | None) -> Response:
        remedy = "The list of runs (/runs) and `pilotage evaluation list` name all."
        return _page(plan_missing(self._frame(catalog), "There is no such run.", remedy), 404)

    def _assessment_of(self, name: str) -> Entry[Assessment] | None:
        """Read the last Assessment of the present Release; while it has none, the last of any."""
        release = self._reader.read_latest(Release, use_case=name)
        if release is not None:
            found = self._reader.read_latest(Assessment, use_case=name, release=release.body.release)
            if found is not None:
                return found
        return self._reader.read_latest(Assessment, use_case=name)

    def _frame(self, catalog: Catalog | None) -> Frame:
        return plan_frame(
            catalog,
            head=_head_token(self._reader.head()),
            banner=self._reader.read_banner(),
            assets=assets_version(),
            now=self._reader.now(),
        )

    def _safe_frame(self) -> Frame:
        """Plan a frame even where the reader is what broke."""
        try:
            return self._frame(self._reader.read_catalog())
        except Exception:  # noqa: BLE001 - whatever broke, its page must still come
            return Frame(organisation=None, banner=None, head="", as_of="", source="", assets=assets_version())


def _page(page: Page, status: int = 200, headers: dict[str, str] | None = None) -> HTMLResponse:
    return HTMLResponse(render_page(page), status, headers={"cache-control": "no-cache"} | (headers or {}))


def _download(parts: Iterable[str], name: str, media_type: str) -> StreamingResponse:
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return StreamingResponse(_gathered(parts), media_type=media_type, headers=headers)


def _gathered(parts: Iterable[str]) -> Iterator[str]:
    """Join small parts, since each one sent takes a turn of the event loop."""
    held: list[str] = []
    for part in parts:
        held.append(part)
        if len(held) == _SENT_TOGETHER:
            yield "".join(held)
            held = []
    yield "".join(held)


def _leaf(request: Request) -> int:
    wanted = request.query_params.get("page", "1")
    return int(wanted) if _LEAF.fullmatch(wanted) else 1


def _head_token(head: str) -> str:
    """Give a head in a form that fits a header, whatever the reader's looks like."""
    return digest_of_bytes(head.encode())[7:39]
