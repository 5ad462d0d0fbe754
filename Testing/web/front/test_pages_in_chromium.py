"""The pages before a session, in a real browser: what their scripts do, and that the security policy lets them."""

import pytest


@pytest.fixture
def tab(chromium):
    """One that complains of nothing."""
    context = chromium.new_context(viewport={"width": 1366, "height": 768})
    complaints = []
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.on("console", lambda message: message.type == "error" and "status of" not in message.text and complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def test_link_with_the_token_opens_the_viewer_while_it_starts(start_front, tmp_path, tab):
    """The token leaves the address bar and the history, and the page that says that a session starts goes on by itself."""
    (tmp_path / "slow").touch()
    front = start_front("--host", "0.0.0.0", "--no-browser", "--no-spare", tmp_path / "slow")
    addresses = []
    tab.on("request", lambda request: addresses.append(request.url))
    tab.goto(f"{front.address}/")
    assert tab.title() == "Access token"
    tab.screenshot(path=tmp_path / "login.png")
    tab.goto(f"{front.address}/login#{front.token}")
    tab.wait_for_url(f"{front.address}/")
    assert tab.title() == "The viewer is starting"
    tab.screenshot(path=tmp_path / "starting.png")
    tab.wait_for_selector("text=opened")
    tab.go_back()
    assert front.token not in tab.url
    sent = [address.partition("#")[0] for address in addresses]
    assert sent
    assert not any(front.token in address for address in sent)


def test_typed_token(start_front, tab):
    front = start_front("--host", "0.0.0.0", "--no-browser", "--no-spare")
    tab.goto(front.address)
    tab.fill("input", "not the token")
    tab.click("button")
    tab.wait_for_selector("text=That is not the token")
    tab.fill("input", front.token)
    tab.click("button")
    tab.wait_for_selector("text=opened")


def test_reader_who_waits_gets_in_when_a_place_is_free(start_front, chromium, tab):
    front = start_front("--no-browser", "--max-sessions", 1)
    tab.goto(front.address)
    tab.wait_for_selector("text=opened")
    waiting = chromium.new_context().new_page()
    waiting.goto(front.address)
    assert "The only place is taken" in waiting.inner_text("main")
    tab.evaluate("document.body.insertAdjacentHTML('beforeend', '<form method=post action=/leave><button>Leave</button></form>')")
    tab.click("button")
    tab.wait_for_selector("text=have been deleted from the server")
    waiting.wait_for_selector("text=opened")
    waiting.context.close()


def test_link_on_another_site_leads_to_the_same_session(front, tab):
    """The browser keeps our cookie back when the link is followed, and there is one session all the same."""
    tab.goto(front.address)
    tab.wait_for_selector("text=opened")
    folders = set(front.temporary.glob("*/session-*"))
    tab.route("http://example.org/", lambda route: route.fulfill(body=f'<a href="{front.address}/">viewer</a>', content_type="text/html"))
    tab.goto("http://example.org/")
    tab.click("a")
    tab.wait_for_selector("text=opened")
    assert tab.url == f"{front.address}/"
    assert set(front.temporary.glob("*/session-*")) == folders
