"""A few parcels, to be recorded: python drive.py"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from typing import Any

CARD = {"number": "4242424242424242", "expiry": "12/30"}
DECLINED = {"number": "4000000000000002", "expiry": "12/30"}
PARCELS: list[Any] = [
    {"country": "DE", "grams": 240, "card": CARD},
    {"country": "FR", "grams": 1250, "card": CARD},
    {"country": "DE", "grams": 240, "card": DECLINED},
    {"country": "AQ", "grams": 240, "card": CARD},
    {"country": "Germany", "grams": 240, "card": CARD},
    None,
]

for parcel in PARCELS:
    body = b"?" if parcel is None else json.dumps(parcel).encode()
    url = os.environ["CI_GATE_TARGET"] + "/parcels"
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            print(response.status)
    except urllib.error.HTTPError as error:
        print(error.code)
