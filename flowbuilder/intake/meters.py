"""What intake counts for `/metrics`; numbers only, of this web process."""

from functools import cache

from prometheus_client import Counter, Gauge, Histogram

_POSTS = Counter(
    "flowbuilder_posts", "Posts to flow addresses, by the status that they were answered with.", ["status"]
)
REFUSED = Counter("flowbuilder_posts_refused", "Posts that were not taken, by status and problem.", ["status", "code"])
BATCH = Histogram(
    "flowbuilder_intake_batch_leads", "Leads stored by one commit.", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 500)
)
HANDED_OVER = Counter("flowbuilder_posts_handed_over", "Posts that were handed straight to a loop.")
WAITING = Gauge("flowbuilder_intake_waiting", "Requests that wait for a buyer's answer.")
REFUSALS_LOST = Counter("flowbuilder_intake_refusals_lost", "Records of refused posts that could not be written.")


@cache
def posts(status: int) -> Counter:
    """Return the counter of posts that were answered with this status."""
    return _POSTS.labels(str(status))
