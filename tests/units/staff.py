"""The administrator at the pages of a fresh server, by its API: for scripts/test-units, inside its machine.

`setup LINK` sets the first administrator up, `plant` makes a site with one door and invites its agent, `agent` says how the agent
is, `events KIND` how many of a kind the log holds. What is to be remembered lies in the folder that it is called in.
"""

import base64
import hashlib
import hmac
import json
import ssl
import struct
import sys
import time
import urllib.error
import urllib.request

BASE = "https://localhost:8443/api/v1"
# The authority of the self-made certificate, which the documents have administrators give to their browsers.
AUTHORITY = "/var/lib/pforte/tls/ca.pem"
# Synthetic, like everything here.
PASSWORD = "nine quiet lanterns by the river"


def code(secret):
    """The one-time code of now (RFC 6238, SHA-1, six digits, 30 seconds)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start:start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def remembered():
    with open("plant.json", encoding="utf-8") as file:
        return json.load(file)


def remember(**more):
    try:
        plant = remembered()
    except FileNotFoundError:
        plant = {}
    with open("plant.json", "w", encoding="utf-8") as file:
        json.dump(plant | more, file)


def call(method, path, body=None, cookie=None):
    """Answers what the server says, and the session that it begins, if it does."""
    headers = {"x-pforte": "1", "content-type": "application/json"}
    if cookie:
        headers["cookie"] = cookie
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(BASE + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, context=ssl.create_default_context(cafile=AUTHORITY), timeout=30) as answer:
            begun = answer.headers.get("set-cookie", "").split(";")[0]
            return json.loads(answer.read() or b"null"), begun
    except urllib.error.HTTPError as error:
        sys.exit(f"{method} {path}: {error.code} {error.read().decode()}")


def setup(link):
    token = link.split("#", 1)[1]
    look, _ = call("POST", "/setup/look", {"token": token})
    body = {"token": token, "password": PASSWORD, "totp": code(look["totp_secret"]), "name": "ada", "display_name": "Ada"}
    _, cookie = call("POST", "/setup", body)
    remember(cookie=cookie)


def plant():
    cookie = remembered()["cookie"]

    def made(path, body):
        return call("POST", path, body, cookie)[0]

    site = made("/sites", {"name": "Works", "time_zone": "Europe/Berlin"})["id"]
    outside, inside = (made("/areas", {"site_id": site, "name": name})["id"] for name in ("Street", "Hall"))
    door = {"name": "lobby", "site_id": site, "area_outside_id": outside, "area_inside_id": inside, "factors_in": "card",
            "exit": "by_system", "has_contact": True, "reason": "agreed with the fire officer"}
    door = made("/doors", door)["id"]
    invited = made("/agents", {"name": "Lobby", "kind": "door_controller", "door_ids": [door]})
    agent = invited["agent"]["id"]
    remember(door=door, agent=agent)
    for name, text in (("token", invited["token"]), ("command", invited["command"]),
                       ("agent.toml", call("GET", f"/agents/{agent}/configuration", None, cookie)[0]["toml"])):
        with open(name, "w", encoding="utf-8") as file:
            file.write(text + "\n")


def agent():
    plant = remembered()
    print(call("GET", f"/agents/{plant['agent']}", None, plant["cookie"])[0]["state"])


def events(kind):
    plant = remembered()
    print(len(call("GET", f"/events?limit=200&kind={kind}", None, plant["cookie"])[0]["items"]))


if __name__ == "__main__":
    {"setup": setup, "plant": plant, "agent": agent, "events": events}[sys.argv[1]](*sys.argv[2:])
