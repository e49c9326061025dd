"""One file over https: whole or not at all, with a progress bar, a limit of size and of time, and its checksum."""

import http.client
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256 as new_sha256
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from mobilenets.errors import JobError
from mobilenets.files import reason, write_whole

SCHEMES = ("https",)
# A server that does not answer is given up after this many seconds, one that trickles after an hour.
PATIENCE = 30.0
LONGEST = 3600.0
_CHUNK = 1 << 18

Failed = Callable[[str], JobError]


def download(url: str, file: Path, *, sha256: str, most: int, console: Console, failed: Failed) -> None:
    """Fetch `url` into `file`, which is then whole and has the checksum `sha256`; folders are made.

    What goes wrong on the way is given to `failed` in a few words, whose `JobError` is raised; nothing of the file
    is left then. So is the `JobError` of a disk that is full. Redirects are followed, to https only.
    """

    def write(temporary: Path) -> None:
        with _in_words(failed), _open(url) as response, temporary.open("wb") as into:
            found = _copy(response, into, most=most, console=console, label=url.rpartition("/")[2], failed=failed)
        if found != sha256:
            raise failed(f"what came has the sha256 {found} and not {sha256}")

    write_whole(file, write)


def _open(url: str) -> Any:
    _check_scheme(url)
    request = urllib.request.Request(url, headers={"User-Agent": "mobilenets"})
    return urllib.request.build_opener(_Redirects).open(request, timeout=PATIENCE)


class _Redirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, request: Any, response: Any, *rest: Any) -> urllib.request.Request | None:
        try:
            _check_scheme(rest[-1])
        except urllib.error.URLError:
            response.close()
            raise
        return super().redirect_request(request, response, *rest)


def _check_scheme(url: str) -> None:
    if urlsplit(url).scheme not in SCHEMES:
        raise urllib.error.URLError(f"{url} is not {' or '.join(SCHEMES)}")


def _copy(response: Any, into: IO[bytes], *, most: int, console: Console, label: str, failed: Failed) -> str:
    """Copy the answer and give its checksum."""
    announced = response.headers.get("Content-Length", "")
    total = int(announced) if announced.isdecimal() else None
    if total is not None and total > most:
        raise failed(f"the server announces {total:,} bytes and at most {most:,} were expected")
    digest, size, until = new_sha256(), 0, time.monotonic() + LONGEST
    with _progress(console) as bar:
        task = bar.add_task(label, total=total)
        while chunk := response.read(_CHUNK):
            size += len(chunk)
            if size > most:
                raise failed(f"over {most:,} bytes came and no more were expected")
            if time.monotonic() > until:
                raise failed(f"only {size:,} bytes came in {LONGEST:.0f} s")
            digest.update(chunk)
            into.write(chunk)
            bar.advance(task, len(chunk))
    if total is not None and size != total:
        raise failed(f"the connection ended after {size:,} of {total:,} bytes")
    return digest.hexdigest()


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


@contextmanager
def _in_words(failed: Failed) -> Iterator[None]:
    try:
        yield
    except urllib.error.HTTPError as error:
        error.close()
        raise failed(f"the server answers {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise failed(f"no connection: {error.reason}") from error
    except TimeoutError as error:
        raise failed(f"the server said nothing for {PATIENCE:.0f} s") from error
    except http.client.HTTPException as error:
        raise failed(f"the connection broke: {error or type(error).__name__}") from error
    except (ConnectionError, ssl.SSLError) as error:
        raise failed(f"the connection broke: {reason(error)}") from error
