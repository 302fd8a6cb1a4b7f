"""What user agents, addresses and customer ids say of themselves."""

import time

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA, is_crawler

from pipeline.settings import Traffic
from pipeline.warehouse import traffic

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{} Safari/537.36"
ANDROID = (
    "Mozilla/5.0 (Linux; Android 13; SM-A536B Build/TP1A.220624.014{}) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/125.0.6422.165 Mobile Safari/537.36{}"
)
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) {}"

PEOPLE = {
    "Chrome": CHROME.format("131.0.0.0"),
    "Edge": CHROME.format("131.0.0.0") + " Edg/131.0.0.0",
    "Yandex Browser": CHROME.format("124.0.0.0 YaBrowser/24.6.0.0"),
    "Safari": IPHONE.format("Version/17.5 Mobile/15E148 Safari/604.1"),
    "Firefox": "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Samsung Internet": CHROME.format("125.0.0.0 Mobile").replace("Chrome", "SamsungBrowser/27.0 Chrome"),
    "Opera Mini": "Opera/9.80 (Android; Opera Mini/36.2/191.256; U; en) Presto/2.12.423 Version/12.16",
    "Internet Explorer": "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
    "a telephone whose maker ends in bot": ANDROID.format("", "").replace("SM-A536B", "CUBOT X50"),
    "Facebook, iPhone": IPHONE.format("Mobile/15E148 [FBAN/FBIOS;FBAV/465.0.0.41.99;FBLC/tr_TR;FBOP/5]"),
    "Facebook, iPhone, newer": IPHONE.format("Mobile/22G100 Safari/604.1 MetaIAB Facebook"),
    "Facebook, Android": ANDROID.format("; wv", " [FB_IAB/FB4A;FBAV/465.0.0.56.83;]"),
    "Facebook, Android, newer": ANDROID.format("; ", " MetaIAB Facebook"),
    "Instagram, iPhone": IPHONE.format("Mobile/15E148 Instagram 334.0.4.32.98 (iPhone14,5; iOS 17_5; tr_TR; tr)"),
    "Instagram, Android, on a listed build": ANDROID.format("; wv", " Instagram 406.0.0.58.159 Android").replace(
        "TP1A.220624.014", "AP3A.240617.008"
    ),
    "TikTok": ANDROID.format("; wv", " trill_340204 BytedanceWebview/d8a21c6"),
    "Viber, Android": ANDROID.format("; wv", " Viber/21.0"),
    "Viber, iPhone": IPHONE.format("Mobile/15E148 Viber/20.6.0.0"),
    "WhatsApp, iPhone": IPHONE.format("Mobile/15E148 WhatsApp/2.24.1"),
    "Google app": IPHONE.format("GSA/320.0.6 Mobile/15E148 Safari/604.1"),
    "a shop's app on Android": "okhttp/4.12.0",
    "a shop's app on an iPhone": "MyShop/3.2.1 CFNetwork/1494.0.7 Darwin/23.4.0",
    "nothing": "",
}

BOTS = {
    "Googlebot as a telephone": ANDROID.format("", " (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
    "Googlebot inside an app": ANDROID.format("; wv", " (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
    "bingbot": "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "a model's crawler": "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2)",
    "headless Chrome": CHROME.format("131.0.0.0").replace("Chrome/", "HeadlessChrome/"),
    "Lighthouse": CHROME.format("124.0.0.0 Mobile") + " Chrome-Lighthouse",
    "a synthetic test": CHROME.format("120.0.0.0") + " PTST/240101",
    "a monitor": "Mozilla/5.0 (compatible; Pingdom.com_bot_version_1.4_(http://www.pingdom.com/))",
    "a preview of a link": "WhatsApp/2.23.20.0 A",
    "another": "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "a script": "python-requests/2.32.3",
    "curl": "curl/8.5.0",
}


@pytest.mark.parametrize("name", PEOPLE)
def test_browsers_and_pages_inside_apps_are_people(name):
    assert traffic.bots([PEOPLE[name]], Traffic()) == []


@pytest.mark.parametrize("name", BOTS)
def test_crawlers_monitors_and_scripts_are_bots(name):
    assert traffic.bots([BOTS[name]], Traffic()) == [BOTS[name]]


def test_each_agent_of_the_list_is_a_bot_as_the_package_itself_says_but_for_people_in_apps():
    every = sorted({agent for each in CRAWLER_USER_AGENTS_DATA for agent in each["instances"]})
    assert len(every) > 2000
    people = {agent for agent in every if is_crawler(agent)} - set(traffic.bots(every, Traffic()))
    assert all(agent.startswith("okhttp/") or "; wv)" in agent for agent in people)
    assert len(people) < 20


def test_nobody_is_a_bot_whom_the_package_does_not_call_one():
    every = [*PEOPLE.values(), *BOTS.values()]
    assert all(is_crawler(agent) for agent in traffic.bots(every, Traffic()))


def test_what_the_settings_say_of_an_agent_comes_before_the_list():
    own = Traffic(bot_user_agents=(r"^OurMonitor/\d", "okhttp"), customer_user_agents=(r"^python-requests/", "/2$"))
    agents = ["OurMonitor/1", "OurMonitor/2", "OurMonitor/x", "python-requests/2.32", "curl/8.5.0", "okhttp/4.12.0"]
    assert traffic.bots(agents, own) == ["OurMonitor/1", "curl/8.5.0", "okhttp/4.12.0"]
    assert traffic.bots(agents, own.model_copy(update={"bots": False})) == ["OurMonitor/1", "okhttp/4.12.0"]
    assert traffic.bots(agents, Traffic(bots=False)) == []


def test_a_pattern_that_only_python_understands_is_not_passed_over(monkeypatch):
    found = traffic._told_apart([r"Googlebot\/", "(?<!cu)bot$", "^curl"])
    assert (found.words, found.expressions, found.of_python) == (["Googlebot/"], ["^curl"], ["(?<!cu)bot$"])
    monkeypatch.setattr(traffic, "_crawlers", lambda: found)
    assert traffic.bots(["newbot", "cubot", "curl/8", "x Googlebot/2.1"], Traffic()) == [
        "curl/8",
        "newbot",
        "x Googlebot/2.1",
    ]


def test_an_agent_is_looked_at_as_far_as_browsers_ever_write():
    far = "x" * traffic.AGENT_LENGTH
    assert traffic.bots([far + " Googlebot/2.1", far[:-14] + " Googlebot/2.1"], Traffic()) == [
        far[:-14] + " Googlebot/2.1"
    ]
    assert traffic.bots(["a\x00 Googlebot/2.1", "🤖"], Traffic()) == ["a\x00 Googlebot/2.1"]


def test_a_hundred_thousand_agents_take_seconds():
    agents = [CHROME.format(f"{number % 200}.0.{number}.1") for number in range(100_000)]
    began = time.perf_counter()
    assert traffic.bots(agents, Traffic()) == []
    assert time.perf_counter() - began < 10, "0.2 s on two idle cores; the package's own search takes 35"


NETWORKS = ["10.0.0.0/8", "203.0.113.7", "2001:db8::/32", "::ffff:192.168.1.0/120"]


@pytest.mark.parametrize(
    ("address", "is_internal"),
    [
        ("10.0.0.0", True),
        ("10.255.255.255", True),
        ("9.255.255.255", False),
        ("11.0.0.0", False),
        ("203.0.113.7", True),
        ("203.0.113.8", False),
        (" 10.1.2.3 ", True),
        ("::ffff:10.1.2.3", True),
        ("::FFFF:0a01:0203", True),
        ("::ffff:11.1.2.3", False),
        ("2001:db8::1", True),
        ("2001:0DB8:ffff:ffff:ffff:ffff:ffff:ffff", True),
        ("2001:db9::", False),
        ("2001:db8::1%eth0", True),
        ("192.168.1.200", True),
        ("192.168.2.1", False),
        ("::a01:203", False),
        ("10.1.2", False),
        ("10.1.2.3.4", False),
        ("10.01.2.3", False),
        ("10.1.2.3:443", False),
        ("10.1.2.x", False),
        ("167838211", False),
        ("٣.١.٢.٣", False),
        ("", False),
        ("unknown", False),
        ("a\x00b" * 1000, False),
    ],
)
def test_an_address_lies_in_a_network_or_it_does_not_and_garbage_lies_in_none(address, is_internal):
    assert traffic.internal([address], NETWORKS) == [address] * is_internal


def test_without_networks_no_address_is_internal():
    assert traffic.internal(["10.0.0.1", "::1"], []) == []


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        ([], []),
        (["staff-1"], ["staff-1"]),
        (["staff-*"], ["staff-1", "staff-[2]", "staff-\n3"]),
        (["*@example.com"], ["ada@example.com"]),
        (["*-[2]"], ["staff-[2]"]),
        (["Staff-*"], []),
        (["s*1", "c.1"], ["staff-1"]),
        (["c*1"], ["c1"]),
    ],
)
def test_a_customer_is_named_by_an_id_or_by_a_part_of_it(patterns, found):
    customers = ["staff-1", "staff-[2]", "staff-\n3", "ada@example.com", "bob@example.com.tr", "c1", "c12"]
    assert traffic.named(customers, patterns) == found


def test_settings_have_one_digest_and_others_another():
    assert traffic.digest(Traffic()) == traffic.digest(Traffic())
    assert traffic.digest(Traffic()) != traffic.digest(Traffic(max_events_a_minute=601))
