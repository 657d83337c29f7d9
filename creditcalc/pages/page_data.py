"""What a county's or a city's page shows: its frames, figures' numbers and remarks."""

from __future__ import annotations

from creditcalc.pages.sections.base import Base
from creditcalc.pages.sections.details import Details
from creditcalc.pages.sections.evidence import Evidence
from creditcalc.pages.sections.losses import Losses
from creditcalc.pages.sections.missing import Missing
from creditcalc.pages.sections.overview import Overview
from creditcalc.pages.sections.peers import Peers
from creditcalc.pages.sections.readings import ReadingFrames
from creditcalc.pages.sections.scores import Scores
from creditcalc.pages.sections.standings import Standings


class PageData(
    Overview,
    Base,
    Standings,
    Scores,
    Losses,
    Peers,
    Missing,
    Evidence,
    ReadingFrames,
    Details,
):
    """A page's data: every method gives an ordinary frame to ``show``, or a remark as it is."""
