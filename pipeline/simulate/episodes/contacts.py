"""Friction in contacts: waiting, holding, being passed on, and having to come back."""

from typing import Any

from pipeline.simulate.episodes.script import DAY, HOUR, MINUTE, Planted, Script, Step, wait

PHONE, CHAT = "queue/phone", "queue/chat"
REASON = {"reason": ("invoice", "account", "delivery"), "queue": ("billing", "accounts", "delivery")}
TALK = 240.0  # seconds of service


def _call(lasts: tuple[float, float], after: tuple[float, float] = (1.0, 2.0), **more: Any) -> Step:
    """A call that waits so many times the target."""
    told: dict[str, Any] = {
        "label": "call",
        "queue": "{queue}",
        "reason": "{reason}",
        "handled_seconds": TALK,
        "team": "{queue}",
    } | more
    return wait("queue", "phone", lasts, after, per=PHONE, **told)


SOON = (0.1, 0.9)  # of the target
AGAIN = _call(SOON, (HOUR, 6.5 * DAY), label="again", when="lost", contact="b")
REPEATED = Planted(
    "repeat_contact", "reason", "{reason}", "again", ("call", "again"), of="call", when="lost", arises=True
)


def _lasting(name: str, share: float, channel: str, wait_type: str, queue: str, signal: str) -> tuple[Script, Script]:
    """A wait beyond its target, and one just within."""
    per = f"{wait_type}/{channel}"
    told: dict[str, Any] = {
        "label": "call",
        "queue": queue,
        "reason": "{reason}",
        "handled_seconds": TALK,
        "team": queue,
        "per": per,
    }
    again = wait(
        wait_type,
        channel,
        SOON,
        (HOUR, 6.5 * DAY),
        when="lost",
        **(told | {"label": "again"}),
    )
    return (
        Script(
            name, "contacts", "planted", f"1.1–2.9 times the target of {channel}",
            (wait(wait_type, channel, (1.1, 2.9), **told), again),
            (Planted(signal, "queue", queue, "call", moment="until"), REPEATED),
            share=share, kill_share=0.3, draws=REASON,
        ),
        Script(
            f"{name}_in_time", "contacts", "near_miss", f"0.9–1 times the target of {channel}",
            (wait(wait_type, channel, (0.9, 1.0), **told),),
            share=share, draws=REASON,
        ),
    )  # fmt: skip


def _case(lasts: tuple[float, float], label: str, what: str, **more: Any) -> Step:
    told: dict[str, Any] = {"label": label, "reason": "{reason}", "queue": "mail", "case": "a"} | more
    return wait(what, "email", lasts, **told)


SCRIPTS = (
    *_lasting("long_call", 0.5, "phone", "queue", "{queue}", "long_wait"),
    *_lasting("long_chat", 0.3, "chat", "queue", "chat", "long_wait"),
    *_lasting("late_reply", 0.7, "email", "first_response", "mail", "slow_first_response"),
    Script(
        "endless_wait", "contacts", "planted", "a call back to the queue that goes on for 5–20 times the target",
        (_call((5.0, 20.0)), AGAIN),
        (Planted("long_wait", "queue", "{queue}", "call", plus_targets=4.0), REPEATED),
        share=0.2, kill_share=0.3, draws=REASON,
    ),
    Script(
        "promised_reply", "contacts", "planted", "a first reply 1–8 h later than promised",
        (
            wait(
                "first_response", "email", (5 * HOUR, 11.9 * HOUR), promised=(3 * HOUR, 4 * HOUR), label="call",
                queue="mail", team="mail", reason="{reason}",
            ),
        ),
        (Planted("slow_first_response", "queue", "mail", "call", moment="until"),),
        share=0.3, nature=1.0, draws=REASON,
    ),
    Script(
        "queue_abandonment", "contacts", "planted", "hung up after 6–19 s, within the target",
        (wait("queue", "phone", (5.01, 19.0), label="call", outcome="abandoned", queue="{queue}", reason="{reason}"),),
        (Planted("queue_abandonment", "queue", "{queue}", "call", moment="until"),),
        share=0.7, nature=0.0, draws=REASON,
    ),
    Script(
        "long_and_hung_up", "contacts", "planted", "hung up after 1.5–3.5 times the target",
        (_call((1.5, 3.5), outcome="abandoned", handled_seconds=None, team=None),),
        (
            Planted("queue_abandonment", "queue", "{queue}", "call", moment="until"),
            Planted("long_wait", "queue", "{queue}", "call", moment="until", arises=True),
        ),
        share=0.3, nature=0.0, draws=REASON,
    ),
    Script(
        "wrong_number", "contacts", "near_miss", "hung up within five seconds",
        (wait("queue", "phone", (1.0, 5.0), outcome="abandoned", queue="{queue}", reason="{reason}"),), draws=REASON,
    ),
    Script(
        "silent_abandonment", "contacts", "planted", "a chat answered too late, and no word from then on",
        (wait("queue", "chat", (1.2, 3.5), label="call", per=CHAT, queue="chat", reason="{reason}",
            handled_seconds=0.0),),
        (
            Planted("silent_abandonment", "queue", "chat", "call", moment="until", plus=10 * MINUTE),
            Planted("long_wait", "queue", "chat", "call", moment="until", arises=True),
        ),
        nature=1.0, draws=REASON,
    ),
    Script(
        "late_but_answered", "contacts", "near_miss", "a chat answered too late that goes on within ten minutes",
        (
            wait("queue", "chat", (1.2, 3.5), label="call", per=CHAT, queue="chat", reason="{reason}",
                handled_seconds=0.0, contact="a"),
            wait("next_response", "chat", (20.0, 60.0), (60.0, 590.0), queue="chat", reason="{reason}", contact="a"),
        ),
        (Planted("long_wait", "queue", "chat", "call", moment="until", arises=True),),
        nature=1.0, draws=REASON,
    ),
    Script(
        "long_hold", "contacts", "planted", "on hold for 61–300 s",
        (_call(SOON, contact="a"), wait("hold", "phone", (60.0, 300.0), (20.0, 90.0), label="hold", queue="{queue}",
            team="{queue}", contact="a"), AGAIN),
        (Planted("long_hold", "queue", "{queue}", "hold", plus=60.0), REPEATED),
        share=0.5, kill_share=0.2, draws=REASON,
    ),
    Script(
        "held_twice", "contacts", "planted", "on hold twice for a moment",
        (
            _call(SOON, contact="a"),
            wait("hold", "phone", (5.0, 25.0), (20.0, 90.0), label="first", queue="{queue}", team="{queue}",
                contact="a"),
            wait("hold", "phone", (5.0, 25.0), (20.0, 90.0), label="second", queue="{queue}", team="{queue}",
                contact="a"),
            AGAIN,
        ),
        (Planted("long_hold", "queue", "{queue}", "second", ("first", "second"), of="first"), REPEATED),
        share=0.5, kill_share=0.2, draws=REASON,
    ),
    Script(
        "held_once", "contacts", "near_miss", "on hold once for less than a minute",
        (_call(SOON, contact="a"), wait("hold", "phone", (5.0, 59.9), (20.0, 90.0), queue="{queue}", team="{queue}",
            contact="a")),
        draws=REASON,
    ),
    Script(
        "transfer", "contacts", "planted", "passed on to another team",
        (
            _call(SOON, contact="a", outcome="transferred", team="sales"),
            _call(SOON, (30.0, 300.0), contact="a", label="then", team="billing", queue="billing"), AGAIN,
        ),
        (Planted("transfer", "team", "sales → billing", "call", moment="until"), REPEATED),
        share=0.7, kill_share=0.2, draws=REASON,
    ),
    Script(
        "ping_pong", "contacts", "planted", "passed on to another team and back",
        (
            _call(SOON, contact="a", outcome="transferred", team="sales"),
            _call(SOON, (30.0, 300.0), contact="a", label="call", team="billing", queue="billing",
                outcome="transferred"),
            _call(SOON, (30.0, 300.0), contact="a", label="then", team="sales", queue="sales"),
        ),
        (Planted("transfer", "team", "sales → billing", "call", moment="until"),),
        share=0.3, nature=1.0, draws=REASON,
    ),
    Script(
        "same_team", "contacts", "near_miss", "a call with two waits and one team",
        (_call(SOON, contact="a"), _call(SOON, (30.0, 300.0), contact="a")), draws=REASON,
    ),
    Script(
        "slow_resolution", "contacts", "planted", "resolved 1–18 h later than promised",
        (
            wait(
                "resolution", "email", (9 * HOUR, 23.9 * HOUR), promised=(6 * HOUR, 8 * HOUR), label="call",
                queue="mail",
                team="mail", reason="{reason}",
            ),
        ),
        (Planted("slow_resolution", "queue", "mail", "call", moment="until"),),
        nature=1.0, draws=REASON,
    ),
    Script(
        "resolved_in_time", "contacts", "near_miss", "resolved shortly before it was promised",
        (
            wait(
                "resolution", "email", (4 * HOUR, 5.9 * HOUR), promised=(6 * HOUR, 8 * HOUR), queue="mail", team="mail",
                reason="{reason}",
            ),
        ),
        draws=REASON,
    ),
    Script(
        "repeat_contact", "contacts", "planted", "again about the same reason within a week",
        (_call(SOON, contact="a"), _call(SOON, (HOUR, 7 * DAY - TALK), label="again", contact="b")),
        (Planted("repeat_contact", "reason", "{reason}", "again", ("call", "again"), of="call"),),
        share=1.6, nature=0.0, draws=REASON,
    ),
    Script(
        "other_reason", "contacts", "near_miss", "again about another reason",
        (_call(SOON, contact="a"), _call(SOON, (HOUR, 7 * DAY), contact="b", reason="password")), draws=REASON,
    ),
    Script(
        "a_week_later", "contacts", "near_miss", "again about the same reason after more than a week",
        (_call(SOON, contact="a"), _call(SOON, (7.1 * DAY, 9 * DAY), contact="b")), draws=REASON,
    ),
    Script(
        "reopened_case", "contacts", "planted", "a resolved case that is open again",
        (
            _case((HOUR, 5 * HOUR), "call", "resolution", team="mail"),
            _case((HOUR, 5 * HOUR), "again", "next_response", after=(HOUR, 6 * DAY), team="mail"),
        ),
        (
            Planted("reopened_case", "reason", "{reason}", "again", ("call", "again"), of="call"),
            Planted("repeat_contact", "reason", "{reason}", "again", ("call", "again"), of="call", arises=True),
        ),
        share=1.4, nature=0.0, draws=REASON,
    ),
    Script(
        "never_resolved", "contacts", "near_miss", "a case with two replies that had not been resolved",
        (
            _case((HOUR, 5 * HOUR), "call", "next_response", team="mail", contact="a"),
            _case((HOUR, 5 * HOUR), "again", "next_response", after=(HOUR, DAY), team="mail", contact="a"),
        ),
        draws=REASON,
    ),
    Script(
        "missed_callback", "contacts", "planted", "called back 10 min to 6 h later than promised",
        (
            wait(
                "callback", "phone", (3.2 * HOUR, 9 * HOUR), promised=(HOUR, 3 * HOUR), label="call", queue="{queue}",
                team="{queue}", reason="{reason}",
            ),
            AGAIN,
        ),
        (Planted("missed_callback", "queue", "{queue}", "call", moment="promised"), REPEATED),
        share=0.7, kill_share=0.35, draws=REASON,
    ),
    Script(
        "never_called_back", "contacts", "planted", "not called back at all",
        (wait("callback", "phone", None, promised=(HOUR, 3 * HOUR), label="call", queue="{queue}", team="{queue}",
            reason="{reason}"),),
        (Planted("missed_callback", "queue", "{queue}", "call", moment="promised", visit="open"),),
        share=0.3, nature=1.0, draws=REASON,
    ),
    Script(
        "called_back", "contacts", "near_miss", "called back shortly before it was promised",
        (wait("callback", "phone", (1800.0, 3590.0), promised=(HOUR, 3 * HOUR), queue="{queue}", team="{queue}",
            reason="{reason}"),),
        draws=REASON,
    ),
    Script(
        "unowned_case", "contacts", "planted", "open for 25–60 h without an agent or a team",
        (wait("next_response", "email", (24.01 * HOUR, 60 * HOUR), label="call", queue="mail", reason="{reason}"),),
        (Planted("unowned_case", "queue", "mail", "call", plus=DAY),),
        share=0.8, nature=1.0, draws=REASON,
    ),
    Script(
        "untouched_case", "contacts", "planted", "owned, but untouched for more than 72 h",
        (wait("next_response", "email", (72.01 * HOUR, 100 * HOUR), label="call", queue="mail", team="mail",
            reason="{reason}"),),
        (Planted("unowned_case", "queue", "mail", "call", plus=3 * DAY),),
        share=0.4, nature=1.0, draws=REASON,
    ),
    Script(
        "unowned_for_a_while", "contacts", "near_miss", "open for 20–23.9 h without an agent or a team",
        (wait("next_response", "email", (20 * HOUR, 23.9 * HOUR), queue="mail", reason="{reason}"),), draws=REASON,
    ),
    Script(
        "owned_and_slow", "contacts", "near_miss", "open for 48–71.9 h with a team",
        (wait("next_response", "email", (48 * HOUR, 71.9 * HOUR), queue="mail", team="mail", reason="{reason}"),),
        draws=REASON,
    ),
)  # fmt: skip
