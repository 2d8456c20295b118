"""A headless browser that does what a person would: opens pages, reads them, clicks.

It is told by Chrome's DevTools protocol, https://chromedevtools.github.io/devtools-protocol/.
"""

import asyncio
import base64
import contextlib
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import aiohttp

STEP_S = 0.2
PATIENCE_S = 60
SAME_WINDOW = """document.addEventListener(
    "click", event => event.target.closest("a")?.removeAttribute("target"), true)"""
FIND = """(() => {
    const found = [...document.querySelectorAll("a, button, [role=tab]")]
        .find(each => each.innerText.trim() === %s && each.checkVisibility());
    if (!found) return null;
    found.scrollIntoView({block: "center", behavior: "instant"});
    const box = found.getBoundingClientRect();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    return found.contains(document.elementFromPoint(x, y)) ? [x, y] : null;
})()"""
"""The place of the link, button or tab that says this, unless something lies over it."""


class Tab:
    """A page in a browser."""

    def __init__(self, loop: asyncio.AbstractEventLoop, socket: aiohttp.ClientWebSocketResponse):
        self._loop, self._socket, self._number = loop, socket, 0

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol."""
        return self._loop.run_until_complete(self._call(method, parameters))

    async def _call(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        while True:
            answer = await self._socket.receive_json(timeout=PATIENCE_S)
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return dict(answer["result"])

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def open(self, address: str) -> None:
        """Go to a page, as who types its address."""
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=address)

    @property
    def text(self) -> str:
        """What can be read on the page."""
        return str(self.evaluate("document.body ? document.body.innerText : ''"))

    def wait_for(self, *words: str) -> str:
        """What can be read on the page, once all of these can be."""
        deadline = time.monotonic() + PATIENCE_S
        while not all(word in self.text for word in words):
            assert time.monotonic() < deadline, f"not all of {words} in: {self.text}"
            time.sleep(STEP_S)
        return self.text

    def wait_until(self, expression: str) -> None:
        """Wait until a JavaScript expression is true."""
        deadline = time.monotonic() + PATIENCE_S
        while not self.evaluate(expression):
            assert time.monotonic() < deadline, f"never {expression} in: {self.text}"
            time.sleep(STEP_S)

    def click(self, words: str) -> None:
        """Click on the link, or the tab, that says this, in the same window."""
        self.evaluate(SAME_WINDOW)
        find, before = FIND % json.dumps(words), None
        deadline = time.monotonic() + PATIENCE_S
        # A page that still loads moves what it shows, and a click would miss.
        while not (place := self.evaluate(find)) or place != before:
            assert time.monotonic() < deadline, f"no quiet {words!r} to click in: {self.text}"
            before = place
            time.sleep(STEP_S)
        for kind in ("mousePressed", "mouseReleased"):
            self.call(
                "Input.dispatchMouseEvent",
                type=kind, x=place[0], y=place[1], button="left", clickCount=1,
            )  # fmt: skip

    def take_picture(self, file: Path) -> None:
        """Write what the window shows as a PNG file."""
        file.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))


@contextlib.contextmanager
def open_tab(browser: Sequence[str], width: int = 1600, height: int = 1000) -> Iterator[Tab]:
    """A browser with one page.

    Args:
        browser: its command.
        width: of the window, in pixels.
        height: of the window, in pixels.
    """
    folder = tempfile.mkdtemp(prefix="hhexp-browser-")
    process = subprocess.Popen(
        [*browser, f"--user-data-dir={folder}", "--remote-debugging-port=0",
         f"--window-size={width},{height}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    loop = asyncio.new_event_loop()
    try:
        yield from loop_over(loop, Path(folder), process)
    finally:
        process.terminate()
        process.wait()
        loop.close()
        shutil.rmtree(folder, ignore_errors=True)


def loop_over(
    loop: asyncio.AbstractEventLoop, folder: Path, process: "subprocess.Popen[bytes]"
) -> Iterator[Tab]:
    """The page, for as long as it is used."""
    port = read_port(folder, process)
    session = loop.run_until_complete(start_session())
    try:
        socket = loop.run_until_complete(connect(session, port))
        yield Tab(loop, socket)
    finally:
        loop.run_until_complete(session.close())


async def start_session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession()


async def connect(session: aiohttp.ClientSession, port: int) -> aiohttp.ClientWebSocketResponse:
    """Take hold of the browser's page."""
    async with session.get(f"http://127.0.0.1:{port}/json") as answer:
        targets = await answer.json(content_type=None)
    address = next(each["webSocketDebuggerUrl"] for each in targets if each["type"] == "page")
    return await session.ws_connect(address, max_msg_size=0)


def read_port(folder: Path, process: "subprocess.Popen[bytes]") -> int:
    """The port at which the browser listens, once it does."""
    file, deadline = folder / "DevToolsActivePort", time.monotonic() + PATIENCE_S
    while not (file.is_file() and file.read_text().count("\n")):
        assert process.poll() is None, "the browser has ended"
        assert time.monotonic() < deadline, "the browser does not listen"
        time.sleep(STEP_S)
    return int(file.read_text().splitlines()[0])
