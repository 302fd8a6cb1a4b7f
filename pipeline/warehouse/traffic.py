"""Whose traffic it is, by what rows say of themselves: user agents, addresses and customer ids, each looked at once."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from ipaddress import IPv4Network, IPv6Address, IPv6Network, collapse_addresses, ip_address, ip_network

import polars as pl

from pipeline.settings import Traffic

# Characters of a user agent that are looked at. Browsers send up to 300, apps' browsers up to 500; what is longer is
# there to keep a regular expression busy.
AGENT_LENGTH = 1_000

# People whom the public list takes for bots: pages opened inside an app (the list has whole apps for their previews of
# links, and builds of Android for one scraper that posed as a phone), and what Android apps send by themselves.
INSIDE_AN_APP = r"; wv\)|\bMetaIAB\b|\bFBA[NV]/|\bInstagram \d|^Mozilla/.* (Viber|WhatsApp)\b|^okhttp/"
# Unless it says itself what it is. Case matters: CUBOT makes telephones.
NAMES_ITSELF = r"[Bb]ot\b|[Cc]rawl|[Ss]pider|https?:"

Network = IPv4Network | IPv6Network


def digest(traffic: Traffic) -> str:
    """The same for the same settings, to tell by which of them a day was judged."""
    return sha256(traffic.model_dump_json().encode()).hexdigest()[:12]


def bots(agents: Sequence[str], traffic: Traffic) -> list[str]:
    """Those of the user agents that are bots'.

    In this order: `customer_user_agents` are customers, `bot_user_agents` are bots, pages inside apps are people,
    and for the rest the public list decides.
    """
    every = pl.DataFrame({"agent": agents}, schema={"agent": pl.String})
    every = every.with_columns(start=pl.col("agent").str.slice(0, AGENT_LENGTH))
    customers = _matching(every, traffic.customer_user_agents)
    own = _matching(every.filter(~pl.col("agent").is_in(customers)), traffic.bot_user_agents)
    listed = _on_the_list(every.filter(~pl.col("agent").is_in(customers + own))) if traffic.bots else []
    return sorted(own + listed)


def internal(addresses: Iterable[str], networks: Sequence[str]) -> list[str]:
    """Those of the addresses that lie in one of the networks; what is no address lies in none.

    An IPv4 address that is written as IPv6 (::ffff:10.1.2.3) is the IPv4 address, here and in the networks.
    """
    parsed = _networks(tuple(networks))
    return [address for address in addresses if _lies_in(address, parsed)]


def named(customers: Iterable[str], patterns: Sequence[str]) -> list[str]:
    """Those of the customer ids that a pattern means; `*` stands for any text, nothing else is special."""
    if not patterns:
        return []
    exact = {pattern for pattern in patterns if "*" not in pattern}
    parts = [re.escape(pattern).replace(r"\*", ".*") for pattern in patterns if "*" in pattern]
    wild = re.compile("|".join(parts), re.DOTALL) if parts else None
    return [each for each in customers if each in exact or (wild is not None and wild.fullmatch(each))]


def _matching(agents: pl.DataFrame, expressions: Iterable[str]) -> list[str]:
    """Python's expressions, not those of polars, which lack a few; a handful of them is fast enough."""
    compiled = [re.compile(each) for each in expressions]
    if not compiled:
        return []
    return [agent for agent, start in agents.iter_rows() if any(each.search(start) for each in compiled)]


def _on_the_list(agents: pl.DataFrame) -> list[str]:
    crawlers, start = _crawlers(), pl.col("start")
    says = start.str.contains_any(crawlers.words)  # all words in one pass
    for each in crawlers.expressions:
        says = says | start.str.contains(each)
    if crawlers.of_python:
        says = says | pl.col("agent").is_in(_matching(agents, crawlers.of_python))
    is_person = start.str.contains(INSIDE_AN_APP) & ~start.str.contains(NAMES_ITSELF)
    return agents.filter(says & ~is_person)["agent"].to_list()


@dataclass(frozen=True)
class _Crawlers:
    """The public list, told apart: plain words, nearly all of it; expressions; those that only Python understands."""

    words: list[str]
    expressions: list[str]
    of_python: list[str]


@cache
def _crawlers() -> _Crawlers:
    """The package's own search tries each of 1,500 patterns on each agent: 35 seconds for 100,000 instead of 0.2."""
    from crawleruseragents import CRAWLER_USER_AGENTS_DATA  # reading the list takes a tenth of a second

    return _told_apart(each["pattern"] for each in CRAWLER_USER_AGENTS_DATA)


def _told_apart(patterns: Iterable[str]) -> _Crawlers:
    found = _Crawlers([], [], [])
    for pattern in sorted(set(patterns)):
        if not re.search(r"[.^$*+?()\[\]{}|\\]", re.sub(r"\\[^\w\s]", "", pattern)):
            found.words.append(re.sub(r"\\(.)", r"\1", pattern))
        elif _is_fast(pattern):
            found.expressions.append(pattern)
        else:
            found.of_python.append(pattern)
    return found


def _is_fast(pattern: str) -> bool:
    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.ComputeError:
        return False
    return True


@cache
def _networks(networks: tuple[str, ...]) -> tuple[Network, ...]:
    parsed = [_unmapped(ip_network(each)) for each in networks]
    return (
        *collapse_addresses([each for each in parsed if isinstance(each, IPv4Network)]),
        *collapse_addresses([each for each in parsed if isinstance(each, IPv6Network)]),
    )


def _unmapped(network: Network) -> Network:
    if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped and network.prefixlen >= 96:
        return IPv4Network((network.network_address.ipv4_mapped, network.prefixlen - 96))
    return network


def _lies_in(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        parsed = ip_address(address.strip())
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address):
        parsed = parsed.ipv4_mapped or parsed
    return any(parsed in network for network in networks)
