"""Organisation: the facts that hold for all use cases of one installation."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pilotage.registry.kinds.document import Currency, Document, IsoDate, Line, Name, Part

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
ClockTime = Annotated[
    str,
    Field(
        pattern=r"^([01]\d|2[0-3]):[0-5]\d$",
        description="Local time, as 09:00.",
        json_schema_extra={"x-reads": "a time of day from 00:00 to 23:59, such as 09:00"},
    ),
]
Region = Annotated[
    str,
    Field(
        pattern=r"^[A-Z]{2}$",
        description="ISO 3166-1 code of a country.",
        json_schema_extra={"x-reads": "a country code of two capital letters, such as PT"},
    ),
]


class WorkingCalendar(Part):
    """When people of the organisation work, in its time zone."""

    days: tuple[Weekday, ...] = Field(
        default=("monday", "tuesday", "wednesday", "thursday", "friday"), description="Weekdays on which people work."
    )
    opens: ClockTime = "09:00"
    closes: ClockTime = "17:00"
    holidays: tuple[IsoDate, ...] = Field(default=(), description="Days on which nobody works.")


class Organisation(Document):
    """The organisation that runs this installation: exactly one document."""

    kind: Literal["Organisation"]
    time_zone: Line = Field(default="UTC", description="IANA name, such as Europe/Lisbon; budgets and days follow it.")
    currency: Currency = Field(default="EUR", description="ISO 4217 code of all budgets and reports.")
    working_calendar: WorkingCalendar = Field(default=WorkingCalendar(), description="When people work.")
    retention_days: int = Field(default=90, ge=1, le=3_650, description="How long content artefacts are kept.")
    phone_regions: tuple[Region, ...] = Field(default=(), description="Where phone numbers in texts may come from.")
    platform_team: Name | None = Field(default=None, description="The team that runs this installation.")
