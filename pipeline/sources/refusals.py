"""What object storage answers instead of a file, in words that say what to do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.errors import InputError, StorageError
from pipeline.settings import CREDENTIALS

PASSING = (
    r"NETWORK_CONNECTION|SLOW_DOWN|THROTTL|INTERNAL_FAILURE|SERVICE_UNAVAILABLE|REQUEST_TIMEOUT|HTTP status (429|5\d\d)"
    r"|UNAVAILABLE|DEADLINE_EXCEEDED"
)
DENIED = (
    r"ACCESS_DENIED|INVALID_ACCESS_KEY_ID|SIGNATURE_DOES_NOT_MATCH|INVALID_CLIENT_TOKEN_ID|INVALID_TOKEN|InvalidToken"
    r"|EXPIRED_TOKEN|ExpiredToken|TokenRefreshRequired|MISSING_AUTHENTICATION_TOKEN|UNRECOGNIZED_CLIENT|AccountProblem"
    r"|HTTP status 40[13]|PERMISSION_DENIED|UNAUTHENTICATED"
)
ELSEWHERE = r"PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraint|HTTP status (301|307|400)"


@contextmanager
def told(address: str, where: str) -> Iterator[None]:
    """Turns what the storage answers into an error for the user, about an address at a service."""
    try:
        yield
    except FileNotFoundError as error:
        raise StorageError(
            f"{address}: is not there, or no longer. Correct the path, or run again when its export is finished."
        ) from error
    except OSError as error:
        raise _refusal(address, where, str(error)) from error
    except ValueError as error:  # pyarrow cannot say such a path
        raise InputError(f"{address}: cannot be read, {error}. Give the object another name.") from error


def _refusal(address: str, where: str, answer: str) -> InputError:
    if "NO_SUCH_BUCKET" in answer or "NoSuchBucket" in answer:
        bucket = address.partition("://")[2].partition("/")[0]
        return InputError(
            f"{address}: there is no bucket {bucket!r} at {where}. Correct the path, or `endpoint` and `region` in "
            "[storage]."
        )
    if re.search(PASSING, answer):
        return StorageError(
            f"{address}: {where} cannot be reached or is too busy: {answer}. Run again, or correct `endpoint` in "
            "[storage]."
        )
    if re.search(DENIED, answer):
        return InputError(
            f"{address}: {where} refuses it: {answer}. {CREDENTIALS} For S3: AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), or AWS_PROFILE. They must be valid and allow s3:ListBucket "
            "and s3:GetObject. For a bucket that is open to everybody: `anonymous = true` in [storage]."
        )
    if re.search(ELSEWHERE, answer):
        return InputError(
            f"{address}: {where} does not hold it, or the credentials have expired: {answer}. Set the bucket's "
            "`region` in [storage], or AWS_REGION; renew the credentials."
        )
    return InputError(f"{address}: cannot be read from {where}: {answer}.")
