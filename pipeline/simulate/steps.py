"""What the visits of a day did, as steps without times: one per click, page or form action."""

import numpy as np

from pipeline.simulate.randomness import Bools, Ints, hits
from pipeline.simulate.visits import Visits
from pipeline.simulate.world import CATEGORIES, PRODUCTS, QUERIES, World

NAMES = [
    "page_view",
    "search",
    "view_item",
    "click",
    "add_to_cart",
    "view_cart",
    "login",
    "begin_checkout",
    "form_start",
    "form_change",
    "form_error",
    "form_submit",
    "add_shipping_info",
    "add_payment_info",
    "payment_error",
    "purchase",
]
PAGES = (
    ["/", "/search", "/cart", "/login", "/checkout", "/checkout/payment", "/checkout/thanks"]
    + [f"/c/{name}" for name in CATEGORIES]
    + [f"/p/{number}" for number in range(1, PRODUCTS + 1)]
)
ELEMENTS = ("#menu", "#gallery-next", "#add-to-cart", "#checkout", "#pay")
FIELDS = ("postcode", "phone")
CODES = {"card_declined": "hard", "issuer_timeout": "soft"}
FIRST_CATEGORY = PAGES.index("/c/" + CATEGORIES[0])
FIRST_PRODUCT = PAGES.index("/p/1")

COLUMNS = [
    "visit",
    "order",
    "kind",
    "page",
    "element",
    "product",
    "query",
    "results",
    "field",
    "code",
    "plant",
    "quick",
]
# `order` sorts the steps of a visit, `plant` is the number of the friction that the step is evidence of, `quick` is 1
# for a click that follows the one before within a double click or a burst; elsewhere -1 is "none".

Steps = dict[str, Ints]
DISCOVER, EVALUATE, CART, CHECKOUT, PAYMENT = (stage * 1000 for stage in range(5))


def steps(world: World, plan: Visits, rng: np.random.Generator) -> Steps:
    """All steps of all visits of a day, one array per name of COLUMNS, in no particular order."""
    blocks = _discover(world, plan, rng) + _evaluate(world, plan, rng) + _cart(world, plan, rng)
    blocks += _checkout(world, plan, rng) + _payment(world, plan, rng)
    return {name: np.concatenate([block[name] for block in blocks]) for name in COLUMNS}


def _block(visit: Ints, order: int | Ints, name: str, **columns: int | Ints) -> Steps:
    given: dict[str, int | Ints] = {"visit": visit, "order": order, "kind": NAMES.index(name), "quick": 0, **columns}
    return {name: np.broadcast_to(np.asarray(given.get(name, -1), np.int64), visit.shape) for name in COLUMNS}


def _which(mask: Bools) -> Ints:
    return np.flatnonzero(mask).astype(np.int64)


def _several(visit: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """Each visit repeated, and the number of the repetition from 0."""
    repeated = np.repeat(visit, counts)
    ends = np.cumsum(counts)
    return repeated, np.arange(len(repeated), dtype=np.int64) - np.repeat(ends - counts, counts)


def _clicks(
    world: World, rng: np.random.Generator, visit: Ints, order: int, page: int | Ints, element: str
) -> list[Steps]:
    """An ordinary click, now and then a double click: never more than two within a second."""
    place = ELEMENTS.index(element)
    twice = hits(rng, world.double_click_share, len(visit))
    pages = np.broadcast_to(np.asarray(page, np.int64), visit.shape)
    first = _block(visit, order, "click", page=pages, element=place)
    return [first, _block(visit[twice], order + 1, "click", page=pages[twice], element=place, quick=1)]


def _bursts(rng: np.random.Generator, plan: Visits, plant: int, order: int, page: int | Ints, element: str) -> Steps:
    """4–7 clicks on one element within a second."""
    visit = _which(plan.met[plant])
    repeated, number = _several(visit, rng.integers(4, 8, len(visit)))
    pages = page if isinstance(page, int) else page[repeated]
    quick = (number > 0).astype(np.int64)
    return _block(
        repeated, order + number, "click", page=pages, element=ELEMENTS.index(element), plant=plant, quick=quick
    )


def _discover(world: World, plan: Visits, rng: np.random.Generator) -> list[Steps]:
    everyone = np.arange(len(plan.customer), dtype=np.int64)
    blocks = [_block(everyone, DISCOVER, "page_view", page=PAGES.index("/"))]
    blocks.append(_block(_which(plan.logs_in_early), DISCOVER + 1, "login", page=PAGES.index("/login")))
    visit, number = _several(everyone, 1 + rng.poisson(1.0, len(everyone)))
    category = FIRST_CATEGORY + rng.integers(0, len(CATEGORIES), len(visit))
    blocks.append(_block(visit, DISCOVER + 10 + number, "page_view", page=category))
    searching = _which(hits(rng, world.search_share, len(everyone)))
    query, results = rng.integers(0, len(QUERIES), len(searching)), rng.integers(1, 60, len(searching))
    blocks.append(
        _block(searching, DISCOVER + 600, "search", page=PAGES.index("/search"), query=query, results=results)
    )
    menu = _which(hits(rng, world.menu_click_share, len(everyone)))
    return blocks + _clicks(world, rng, menu, DISCOVER + 5, PAGES.index("/"), "#menu")


def _evaluate(world: World, plan: Visits, rng: np.random.Generator) -> list[Steps]:
    viewing = _which(plan.views)
    visit, number = _several(viewing, 1 + rng.poisson(0.7, len(viewing)))
    product = rng.integers(0, PRODUCTS, len(visit))
    blocks = [_block(visit, EVALUATE + 10 + number, "view_item", page=FIRST_PRODUCT + product, product=product)]
    last = last_product(len(plan.customer), visit, product)
    gallery = viewing[hits(rng, world.gallery_click_share, len(viewing))]
    blocks += _clicks(world, rng, gallery, EVALUATE + 500, FIRST_PRODUCT + last[gallery], "#gallery-next")
    for plant in _plants(world, "rage_click", "evaluate"):
        blocks.append(
            _bursts(rng, plan, plant, EVALUATE + 600 + 10 * plant, FIRST_PRODUCT + last, world.plants[plant].locus)
        )
    adding = _which(plan.adds)
    blocks += _clicks(world, rng, adding, EVALUATE + 990, FIRST_PRODUCT + last[adding], "#add-to-cart")
    blocks.append(_block(adding, CART, "add_to_cart", page=FIRST_PRODUCT + last[adding], product=last[adding]))
    return blocks


def last_product(visits: int, visit: Ints, product: Ints) -> Ints:
    """The product that each visit looked at last: steps of a visit are in order; 0 where it saw none."""
    last = np.zeros(visits, dtype=np.int64)
    last[visit] = product
    return last


def _cart(world: World, plan: Visits, rng: np.random.Generator) -> list[Steps]:
    looking = _which(plan.begins | (plan.adds & hits(rng, 0.6, len(plan.adds))))
    going = _which(plan.begins)
    blocks = [_block(looking, CART + 10, "view_cart", page=PAGES.index("/cart"))]
    blocks += _clicks(world, rng, going, CART + 20, PAGES.index("/cart"), "#checkout")
    blocks.append(_block(_which(plan.begins & ~plan.logs_in_early), CART + 30, "login", page=PAGES.index("/login")))
    return blocks


def _checkout(world: World, plan: Visits, rng: np.random.Generator) -> list[Steps]:
    page, count = PAGES.index("/checkout"), len(plan.customer)
    going = _which(plan.begins)
    blocks = [_block(going, CHECKOUT, "begin_checkout", page=page)]
    blocks += [_block(going, CHECKOUT + 10, "form_start", page=page)]
    blocks += [_block(going, CHECKOUT + 20, "form_change", page=page, field=FIELDS.index("postcode"))]
    turned_away = np.zeros(count, dtype=np.bool_)
    struggling = np.zeros(count, dtype=np.bool_)
    for plant in _plants(world, "form_error_repeat", "checkout"):
        visit = _which(plan.met[plant])
        repeated, number = _several(visit, rng.integers(2, 5, len(visit)))
        field = FIELDS.index(world.plants[plant].locus.split("/")[1])
        blocks.append(_block(repeated, CHECKOUT + 100 + number, "form_error", page=page, field=field, plant=plant))
        struggling |= plan.met[plant]
        turned_away |= plan.caused[plant]
    once = _which(plan.begins & ~struggling & hits(rng, world.single_form_error_share, count))
    blocks.append(_block(once, CHECKOUT + 110, "form_error", page=page, field=rng.integers(0, len(FIELDS), len(once))))
    # Half of those lost at checkout by nature leave the form, half see the shipping cost and leave.
    submits = plan.pays | (plan.begins & ~turned_away & hits(rng, 0.5, count))
    blocks.append(_block(_which(submits), CHECKOUT + 200, "form_submit", page=page))
    blocks.append(_block(_which(submits), CHECKOUT + 210, "add_shipping_info", page=page))
    return blocks


def _payment(world: World, plan: Visits, rng: np.random.Generator) -> list[Steps]:
    page = PAGES.index("/checkout/payment")
    paying = _which(plan.pays)
    blocks = [_block(paying, PAYMENT, "add_payment_info", page=page)]
    blocks += _clicks(world, rng, paying, PAYMENT + 10, page, "#pay")
    for plant in _plants(world, "payment_failure", "payment"):
        visit = _which(plan.met[plant])
        repeated, number = _several(visit, rng.integers(1, 4, len(visit)))
        code = list(CODES).index(world.plants[plant].locus)
        blocks.append(
            _block(repeated, PAYMENT + 100 + 10 * plant + number, "payment_error", page=page, code=code, plant=plant)
        )
    for plant in _plants(world, "rage_click", "payment"):
        blocks.append(_bursts(rng, plan, plant, PAYMENT + 500 + 10 * plant, page, world.plants[plant].locus))
    return [*blocks, _block(_which(plan.buys), PAYMENT + 900, "purchase", page=PAGES.index("/checkout/thanks"))]


def _plants(world: World, signal: str, stage: str) -> list[int]:
    return [number for number, plant in enumerate(world.plants) if (plant.signal, plant.stage) == (signal, stage)]
