"""What became of people in the real data, by what happened to them: plain SQL on the raw files, for scores to match.

None of these outcomes is an input of the product. Crude shares, and differences of shares with 95 % intervals:

* Olist: a review of 2 stars or less, late deliveries 61.8 % of 191, others 9.9 % of 2,699: +51.9 points (44.9 to 58.8);
  with what never came among the late, 64.2 % of 240: +54.2 points (48.1 to 60.4). Reviews can precede the delivery.
* Call centre: calling again within an hour, after a hang-up 46.4 % of 1,743, after an agent 13.2 % of 11,481: +33.2
  points (30.8 to 35.7). Only identified callers can be seen calling again, and mostly those who queued are.
* Call centre: hanging up in the queue, by how many of the same kind wait already: with nobody 11.4 % of 7,583, with one
  or two 16.9 % of 6,166, with three or more 40.8 % of 2,937: +29.4 points (27.4 to 31.3) from first to last. Never by
  the callers' own waits, which hanging up cuts off.
* App onboarding: lost, without a failed login 35.6 % of 912, after one 56.7 % of 97, after two or more 85.7 % of 14:
  +50.1 points (31.5 to 68.7) from first to last, of few people.
* Ride hailing: called off, by fifths of the announced pickup 30.5, 34.2, 37.3, 51.3 and 57.9 %: +27.4 points (19.4 to
  35.4) from first to last; beyond five minutes 54.3 % of 525, else 34.6 % of 832: +19.7 points (14.3 to 25.0).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

from tests.real_data import plainly


@dataclass(frozen=True)
class Group:
    """People to whom the same happened: how many, and how many of them were lost."""

    name: str
    people: int
    lost: int

    @property
    def share(self) -> float:
        return self.lost / self.people


def difference(more: Group, less: Group) -> tuple[float, float, float]:
    """Difference of two shares with its interval (Wald, 95 %)."""
    error = sqrt(sum(each.share * (1 - each.share) / each.people for each in (more, less)))
    found = more.share - less.share
    return found, found - 1.959964 * error, found + 1.959964 * error


def _groups(rows: Sequence[tuple]) -> list[Group]:
    return [Group(*row) for row in rows]


def low_reviews(data: Path) -> list[Group]:
    """Olist's orders with a review, by whether they came in time; the lowest review of an order counts."""
    files = {name: f"olist_3k/olist_{name}_dataset.csv" for name in ("orders", "order_reviews")}
    with plainly.open_csv(data, **files) as con:
        return _groups(
            con.execute(
                """
                with rated as (select order_id, min(review_score::int) as score from order_reviews group by all),
                told as (
                    select score, order_estimated_delivery_date::timestamp::date as promised,
                           nullif(order_delivered_customer_date, '')::timestamp::date as came
                    from orders join rated using (order_id) where order_status not in ('canceled', 'unavailable')
                )
                select case when came is null then 'never came' when came > promised then 'late' else 'in time' end
                           as name, count(*), count(*) filter (score <= 2)
                from told group by name order by name
                """
            ).fetchall()
        )


CALLS = """
    create table calls as
    with told as (
        select *, strptime('19' || date, '%Y%m%d') as day, if(q_start = '0:00:00', vru_exit, q_start) as began_at,
               "vru+line" || '-' || call_id as id
        from log where outcome <> 'PHANTOM'
    )
    select id, customer_id, type, outcome, day + vru_entry::interval as entered, q_start <> '0:00:00' as has_queued,
           day + began_at::interval
           + if(vru_entry like '23:%' and began_at like '0:%', interval 1 day, interval 0 day) as began,
           to_seconds(q_time::int) as waited, to_seconds(if(outcome = 'AGENT', ser_time::int, 0)) as served
    from told
    """


def calling_again(data: Path) -> list[Group]:
    """Identified callers' calls by how they ended, and whether the same customer came again within an hour of it."""
    with plainly.open_csv(data, "\t", log="call_centre_1999_january/january.txt") as con:
        con.execute(CALLS)
        return _groups(
            con.execute(
                """
                select outcome, count(*), count(*) filter (exists (
                    from calls as again where again.customer_id = calls.customer_id and again.id <> calls.id
                    and again.entered - (calls.began + calls.waited + calls.served)
                        between interval 0 hours and interval 1 hour
                )) from calls where customer_id <> '0' group by outcome order by outcome
                """
            ).fetchall()
        )


def hanging_up(data: Path) -> list[Group]:
    """Calls that queued, by how many of the same kind were waiting when they began to, and whether they hung up."""
    with plainly.open_csv(data, "\t", log="call_centre_1999_january/january.txt") as con:
        con.execute(CALLS)
        return _groups(
            con.execute(
                """
                with before as (
                    select one.id, one.outcome, count(other.id) as waiting
                    from (from calls where has_queued) as one left join (from calls where has_queued) as other
                        on other.type = one.type and other.began < one.began and other.began + other.waited > one.began
                    group by all
                )
                select case when waiting = 0 then 'nobody' when waiting < 3 then 'one or two' else 'three or more' end
                           as name, count(*), count(*) filter (outcome = 'HANG')
                from before group by name order by name
                """
            ).fetchall()
        )


def lost_users(data: Path) -> list[Group]:
    """The app's users by their failed logins, and whether the exporter says that they were lost."""
    with plainly.open_csv(data, log="app_onboarding/events.csv") as con:
        return _groups(
            con.execute(
                """
                with users as (
                    select user_pseudo_id, count(*) filter (event_name = 'onboarding__loginFailure') as failures,
                           bool_or(event_name = 'lost') as is_lost
                    from log group by all
                )
                select case failures when 0 then 'none' when 1 then 'one' else 'two or more' end as name,
                       count(*), count(*) filter (is_lost)
                from users group by name order by name
                """
            ).fetchall()
        )


def rides_called_off(data: Path) -> list[Group]:
    """Bookings by fifths of the announced pickup, shortest first, and whether they were called off."""
    with plainly.open_csv(data, **{name: f"ride_hailing/{name}.csv" for name in ("booking", "quote")}) as con:
        return _groups(
            con.execute(
                """
                with ranked as (
                    select status, ntile(5) over (order by duration_to_pickup::int, booking_id) as fifth
                    from booking join quote using (quote_id)
                )
                select 'fifth ' || fifth as name, count(*), count(*) filter (status = 'CANCELLED')
                from ranked group by name order by name
                """
            ).fetchall()
        )
