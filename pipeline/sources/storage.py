"""Files in object storage: which of them a pattern means, and a copy of one on this disk while it is read.

An address is `s3://bucket/key` (any S3-compatible server) or `gs://bucket/key`; what follows the scheme is taken as it
is, without percent codes. Patterns mean what they mean for local paths. Only the folders that a pattern names are
listed: within a folder, every object. Credentials come from where the cloud's own tools take them.
"""

import fnmatch
import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipeline.errors import InputError, SettingsError, StorageError
from pipeline.settings import Storage, known_endpoint, without_secret
from pipeline.sources.refusals import told

SCHEMES = ("s3", "gs")
ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
WILD = re.compile(r"[*?\[]")

CONNECT_SECONDS = 10
SILENT_SECONDS = 30  # a transfer that has stood still for so long is given up
ATTEMPTS = 4  # of each request; the SDK waits between them, longer each time, and tries again only what may pass
READINGS = 3  # of an object that is replaced while it is read
CHUNK = 16 * 1024 * 1024  # bytes in memory at a time; each is one request


@dataclass(frozen=True)
class Store:
    """A service with one's access to it: `system` is its pyarrow file system, `where` its name in messages."""

    scheme: str
    system: Any
    where: str


@dataclass(frozen=True)
class Version:
    """One content of an object: a content that differs has another tag."""

    size: int
    tag: str


def is_remote(path: str) -> bool:
    """Whether a path of the settings is an address in object storage, or would be one."""
    return ADDRESS.fullmatch(path) is not None


def connect(address: str, options: Storage) -> Store:
    """The service of an address; nothing is asked of it yet.

    Raises SettingsError where it is none that can be read.
    """
    try:
        without_secret(address)
    except ValueError as error:
        raise SettingsError(f"sources: a path {error}") from error
    found = ADDRESS.fullmatch(address)
    scheme = found[1] if found else ""
    if scheme not in SCHEMES:
        known = ", ".join(f"{each}://" for each in SCHEMES)
        raise SettingsError(
            f"sources: {address}: {scheme}:// cannot be read. Known: {known}, and paths of this machine."
        )
    return _s3(options) if scheme == "s3" else _gs(options)


def _s3(options: Storage) -> Store:
    from pyarrow import fs

    endpoint = options.endpoint or _endpoint_of_environment()
    scheme, _, host = (endpoint or "https://").partition("://")
    system = fs.S3FileSystem(
        anonymous=options.anonymous,
        region=options.region,
        scheme=scheme,
        endpoint_override=host or None,
        connect_timeout=CONNECT_SECONDS,
        request_timeout=SILENT_SECONDS,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=ATTEMPTS),
    )
    return Store("s3", system, f"{endpoint or 'Amazon S3'}, region {system.region}")


def _endpoint_of_environment() -> str | None:
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"):
        if given := os.environ.get(name):
            try:
                return known_endpoint(without_secret(given))
            except ValueError as error:
                raise SettingsError(f"the environment's {name}: {error}") from error
    return None


def _gs(options: Storage) -> Store:
    from pyarrow import fs

    limit = timedelta(seconds=SILENT_SECONDS)
    return Store("gs", fs.GcsFileSystem(anonymous=options.anonymous, retry_time_limit=limit), "Google Cloud Storage")


# --- finding ----------------------------------------------------------------------------------------------------------


def find(store: Store, pattern: str) -> list[str]:
    """Addresses of the objects that a pattern means, in order.

    Raises SettingsError where it is no pattern, InputError where the storage refuses, StorageError where it is silent.
    """
    bucket, *parts = _parts(pattern)
    if WILD.search(bucket):
        raise SettingsError(f"sources: {pattern}: the bucket is named without wildcards.")
    if any("**" in part and part != "**" for part in parts) or parts[-1] == "**":
        raise SettingsError(f"sources: {pattern}: ** stands for folders, between two /. Write **/* or **/*.csv.")
    return sorted({f"{store.scheme}://{path}" for path in _matching(store, bucket, parts)})


def _parts(address: str) -> list[str]:
    parts = address.partition("://")[2].split("/")
    if len(parts) < 2 or not all(parts):
        raise SettingsError(
            f"sources: {address}: is no address of objects. Write s3://BUCKET/FOLDER/*.csv, no // in it."
        )
    return parts


def _matching(store: Store, folder: str, parts: list[str]) -> Iterator[str]:
    """Paths below a folder whose parts match; a folder is listed only where it has to be."""
    first, rest = parts[0], parts[1:]
    if first == "**":
        for path, is_file in _listed(store, folder, recursive=True):
            if is_file and _is_match(path[len(folder) + 1 :].split("/"), parts):
                yield path
    elif rest and not WILD.search(first):
        yield from _matching(store, f"{folder}/{first}", rest)
    else:
        for path, is_file in _listed(store, folder, recursive=False):
            if is_file == (not rest) and fnmatch.fnmatchcase(path[len(folder) + 1 :], first):
                yield from _matching(store, path, rest) if rest else [path]


def _is_match(names: list[str], parts: list[str]) -> bool:
    if not parts or not names:
        return not parts and not names
    if parts[0] == "**":
        return _is_match(names, parts[1:]) or _is_match(names[1:], parts)
    return fnmatch.fnmatchcase(names[0], parts[0]) and _is_match(names[1:], parts[1:])


def _listed(store: Store, folder: str, *, recursive: bool) -> list[tuple[str, bool]]:
    """(path, whether it is an object) of what is in a folder; nothing where there is no such folder."""
    from pyarrow import fs

    with told(f"{store.scheme}://{folder}/", store.where):
        try:
            # Google's says in no orderly way that a folder is missing; of Amazon's one must ask, or a missing bucket
            # would be an empty one
            wanted = fs.FileSelector(folder, recursive=recursive, allow_not_found=store.scheme == "gs")
            found = store.system.get_file_info(wanted)
        except FileNotFoundError:
            return []
    # a folder is in its own list where a key has // in it
    return [(info.path, info.type == fs.FileType.File) for info in found if info.path != folder]


# --- fetching ---------------------------------------------------------------------------------------------------------


def version(store: Store, address: str) -> Version:
    """What lies at an address now. Raises InputError or StorageError where it cannot be told."""
    with _opened(store, address) as (_, found):
        return found


@contextmanager
def fetched(store: Store, address: str) -> Iterator[tuple[Path, str, Version]]:
    """A copy of an object in a folder of its own, with the hash of its content; gone when it is left.

    Raises InputError or StorageError where it cannot be read whole.
    """
    with TemporaryDirectory(prefix="friction-") as folder:
        name = re.sub(r"[^\w.-]", "_", address.rpartition("/")[2], flags=re.ASCII)[-100:]
        path = Path(folder) / f"object-{name}"  # as it ends, so is it read
        digest, found = _copied(store, address, path)
        yield path, digest, found


def fetch_beside(store: Store, address: str, names: Iterable[str], folder: Path) -> None:
    """Copy other objects of an object's folder into a local one; one that is not there is left out."""
    for name in names:
        if "/" in name or name in {"", ".", ".."}:
            raise SettingsError(
                f"{address}: its mapping joins {name!r}. In object storage, name a file of the same folder."
            )
        other = f"{address.rpartition('/')[0]}/{name}"
        if find(store, re.sub(r"([*?\[])", r"[\1]", other)):
            _copied(store, other, folder / name)


def _copied(store: Store, address: str, path: Path) -> tuple[str, Version]:
    """Copy one object; gives the hash of its content. One that is replaced meanwhile is read again."""
    for _ in range(READINGS):
        digest, size = hashlib.sha256(), 0
        with _opened(store, address) as (content, found), path.open("wb") as copy:
            try:
                while chunk := _read(store, address, content):
                    digest.update(chunk)
                    size += copy.write(chunk)
            except InputError:
                if found == version(store, address):  # else it was another object's end that was asked for
                    raise
        if size == found.size and found == version(store, address):
            return digest.hexdigest(), found
    raise StorageError(
        f"{address}: has changed {READINGS} times while it was read. Run again when its export is finished."
    )


@contextmanager
def _opened(store: Store, address: str) -> Iterator[tuple[Any, Version]]:
    with told(address, store.where):
        content = store.system.open_input_file("/".join(_parts(address)))
        about = {name.lower(): value for name, value in content.metadata().items()}
        found = Version(content.size(), about.get("etag", b"").decode().strip('"'))
    with content:
        yield content, found


def _read(store: Store, address: str, content: Any) -> bytes:
    with told(address, store.where):
        return bytes(content.read(CHUNK))
