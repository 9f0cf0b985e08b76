"""Published figures that an audit is held against, each with where it stands."""

from __future__ import annotations

from dataclasses import dataclass

THRESHOLD = 0.01
"""Share of captchas from which a program that reads them has broken them, as `STRENGTHS` has it."""


@dataclass(frozen=True)
class Source:
    """A publication.

    Attributes
    ----------
    key
        What it is cited as.
    reference
        Authors, title, where and when.
    url
        Where it can be read.
    """

    key: str
    reference: str
    url: str


HUMANS = Source(
    "Bursztein 2010",
    "E. Bursztein, S. Bethard, C. Fabry, J. C. Mitchell, D. Jurafsky: How good are humans at solving CAPTCHAs? "
    "A large scale evaluation. IEEE Symposium on Security and Privacy, 2010",
    "https://doi.org/10.1109/SP.2010.31",
)
STRENGTHS = Source(
    "Bursztein 2011",
    "E. Bursztein, M. Martin, J. C. Mitchell: Text-based CAPTCHA strengths and weaknesses. ACM CCS, 2011",
    "https://doi.org/10.1145/2046707.2046724",
)
NIGH = Source(
    "Bursztein 2014",
    "E. Bursztein, J. Aigrain, A. Moscicki, J. C. Mitchell: The end is nigh: generic solving of text-based CAPTCHAs. "
    "USENIX WOOT, 2014",
    "https://www.usenix.org/conference/woot14/workshop-program/presentation/bursztein",
)
MODERN = Source(
    "Searles 2023",
    "A. Searles, Y. Nakatsuka, E. Ozturk, A. Paverd, G. Tsudik, A. Enkoji: An empirical study & evaluation of modern "
    "CAPTCHAs. USENIX Security, 2023",
    "https://arxiv.org/abs/2307.12108",
)
MARKET = Source(
    "Motoyama 2010",
    "M. Motoyama, K. Levchenko, C. Kanich, D. McCoy, G. M. Voelker, S. Savage: Re: CAPTCHAs. Understanding "
    "CAPTCHA-solving services in an economic context. USENIX Security, 2010",
    "https://www.usenix.org/conference/usenixsecurity10/re-captchas-understanding-captcha-solving-services-economic-context",
)
LIMITS = Source(
    "NIST 800-63B",
    "P. A. Grassi and others: Digital identity guidelines, authentication and lifecycle management. NIST SP 800-63B, "
    "2017, section 5.2.2",
    "https://pages.nist.gov/800-63-3/sp800-63b.html",
)
PRICING = Source(
    "Dwork 1992",
    "C. Dwork, M. Naor: Pricing via processing or combatting junk mail. CRYPTO, 1992",
    "https://doi.org/10.1007/3-540-48071-4_10",
)
ACCESS = Source(
    "W3C 2021",
    "J. Sajka, J. White, M. Cooper: Inaccessibility of CAPTCHA. W3C group draft note, 2021",
    "https://www.w3.org/TR/turingtest/",
)


@dataclass(frozen=True)
class Advice:
    """What to do, and who says what."""

    title: str
    text: str
    sources: tuple[Source, ...]


ADVICE = (
    Advice(
        "Do not rest on distorted text",
        "One general program read every scheme that it was tried on often enough to count as insecure, among them "
        "reCAPTCHA at 33.3 % and Yahoo at 5.3 %, with nothing adjusted. In 2023 people got 50 to 84 % of distorted "
        "texts right, and the programs cited there almost all: a harder picture costs people first.",
        (NIGH, MODERN),
    ),
    Advice(
        "Limit how often one may try",
        "No more than 100 failed attempts in a row on an account is the rule for passwords; the same limit by account, "
        "address and time bounds what any success rate is worth.",
        (LIMITS,),
    ),
    Advice(
        "Let each attempt cost work",
        "A puzzle that the visitor's machine solves and yours checks at once makes attempts cost in proportion to "
        "their number, and asks nothing of people.",
        (PRICING,),
    ),
    Advice(
        "Leave nobody out",
        "Whoever cannot see the picture is shut out by it: offer a way that needs no sense in particular, and prefer "
        "checks that ask nothing of people.",
        (ACCESS,),
    ),
    Advice(
        "Mind that people can be hired",
        "In 2010 people could be hired to solve captchas at about 1 US dollar for 1,000, whatever the picture. That "
        "is the most that any picture makes an attacker pay.",
        (MARKET,),
    ),
)
SOURCES = (HUMANS, STRENGTHS, NIGH, MODERN, MARKET, LIMITS, PRICING, ACCESS)
