"""Shapes of secrets that show in the text itself: well-known key prefixes, JWTs, PEM keys.

One table for finding them (`detectors`) and for keeping their prefix (`standins`). Patterns are
in the common subset of RE2 and `re`, without groups.
"""

from __future__ import annotations

import re

from ci_gate.values.redaction.cards import is_card
from ci_gate.values.redaction.iban import is_iban
from ci_gate.values.redaction.passwordhashes import is_password_hash

KEYS: tuple[tuple[str, str, str], ...] = (
    ("AWS", r"(?:AKIA|ASIA|ABIA|ACCA)", r"[A-Z0-9]{16}"),
    ("GitHub", r"gh[pousr]_", r"[A-Za-z0-9]{30,}"),
    ("GitHub", r"github_pat_", r"[A-Za-z0-9_]{22,}"),
    ("GitLab", r"gl(?:pat|dt|rt|cbt|ptt|ft|imt|oas|soat|agent)-", r"[A-Za-z0-9_-]{20,}"),
    ("Slack", r"xox[abeoprs]-", r"[A-Za-z0-9-]{10,}"),
    ("Slack", r"xapp-", r"[0-9]-[A-Za-z0-9-]{20,}"),
    ("Slack", r"hooks\.slack\.com/services/", r"T[A-Za-z0-9/]{20,80}"),
    ("Stripe", r"[sr]k_(?:live|test)_", r"[A-Za-z0-9]{10,}"),
    ("Stripe", r"whsec_", r"[A-Za-z0-9+/]{24,64}"),
    ("Google", r"AIza", r"[A-Za-z0-9_-]{35}"),
    ("Google", r"ya29\.", r"[A-Za-z0-9_-]{20,}"),
    ("Google", r"GOCSPX-", r"[A-Za-z0-9_-]{28}"),
    ("SendGrid", r"SG\.", r"[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}"),
    ("Twilio", r"SK", r"[0-9a-f]{32}"),
    ("npm", r"npm_", r"[A-Za-z0-9]{36}"),
    ("PyPI", r"pypi-", r"[A-Za-z0-9_-]{50,}"),
    (
        "OpenAI, Anthropic",
        r"sk-(?:proj-|svcacct-|admin-|ant-[a-z0-9]{2,8}-)?",
        r"[A-Za-z0-9_-]{20,255}",
    ),
    ("DigitalOcean", r"do[opr]_v1_", r"[0-9a-f]{64}"),
    ("Shopify", r"shp(?:at|ca|pa|ss)_", r"[0-9a-fA-F]{32}"),
    ("Square", r"sq0(?:atp|csp)-", r"[A-Za-z0-9_-]{22,43}"),
    ("Databricks", r"dapi", r"[0-9a-f]{32}"),
    ("Hugging Face", r"hf_", r"[A-Za-z0-9]{30,64}"),
    ("Mailgun", r"key-", r"[0-9a-f]{32}"),
    ("Vault", r"hv[sbr]\.", r"[A-Za-z0-9_-]{24,}"),
    ("Linear", r"lin_api_", r"[A-Za-z0-9]{32,64}"),
    ("Postman", r"PMAK-", r"[0-9a-f]{24}-[0-9a-f]{34}"),
    ("Notion", r"(?:ntn_|secret_)", r"[A-Za-z0-9]{40,50}"),
    ("Figma", r"fig[dor]_", r"[A-Za-z0-9_-]{30,64}"),
    ("Grafana", r"gl(?:sa|c)_", r"[A-Za-z0-9_=+/]{32,}"),
    ("New Relic", r"NRAK-", r"[A-Z0-9]{27}"),
    ("Sentry", r"sntry[su]_", r"[A-Za-z0-9_=+/-]{40,}"),
    ("Supabase", r"sbp_", r"[0-9a-f]{40}"),
    ("Doppler", r"dp\.(?:pt|st|ct|sa|scim|audit)\.", r"[A-Za-z0-9._-]{40,64}"),
    ("Atlassian", r"ATATT3", r"[A-Za-z0-9_=-]{40,255}"),
    ("Airtable", r"pat", r"[A-Za-z0-9]{14}\.[0-9a-f]{64}"),
    ("age", r"AGE-SECRET-KEY-1", r"[A-Z0-9]{58}"),
    ("Artifactory", r"AKCp", r"[A-Za-z0-9]{20,80}"),
    ("Docker", r"dckr_(?:pat|oat)_", r"[A-Za-z0-9_-]{20,64}"),
    ("Heroku", r"HRKU-", r"[A-Za-z0-9_-]{36,64}"),
    ("PlanetScale", r"pscale_(?:tkn|pw|oauth)_", r"[A-Za-z0-9_.-]{32,64}"),
    ("Pulumi", r"pul-", r"[0-9a-f]{40}"),
    ("RubyGems", r"rubygems_", r"[0-9a-f]{48}"),
    ("Telegram", r"", r"[0-9]{8,10}:AA[A-Za-z0-9_-]{33}"),
)
"""(who issues it, prefix that stays readable, the secret rest)."""

JWT = r"eyJ[A-Za-z0-9_-]{4,}\.eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*"
"""A signed JSON Web Token (RFC 7519 section 3): header and payload begin with `{"`."""
JWE = r"eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+"
"""An encrypted one (RFC 7516 section 3.1): five parts."""
PEM_BEGIN = r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
"""The first line of a private key (RFC 7468)."""
RESERVED_DOMAIN = "redacted.example"
"""Under .example (RFC 2606), which nobody can own: e-mail stand-ins live there."""

_JWT = re.compile(JWT)
_PEM = re.compile(PEM_BEGIN)
_KEY = re.compile("|".join(f"(?:{prefix}){rest}" for _, prefix, rest in KEYS))
_PREFIXES = tuple(re.compile(f"({prefix}){rest}") for _, prefix, rest in KEYS)
_EMAIL = re.compile(
    r"[^\s@<>\"(),:;]{1,64}@[^\s@<>\"(),:;.]{1,63}(?:\.[^\s@<>\"(),:;.]{1,63}){1,8}"
)


def shape_of(text: str) -> str:
    """The kind of secret a whole text shows itself to be: "jwt", "email", "card", "iban",
    "private-key", "password-hash", "key", or ""."""
    if len(text) < 6:
        return ""
    if text.startswith("eyJ") and _JWT.fullmatch(text):
        return "jwt"
    if text.startswith("-----BEGIN ") and _PEM.match(text):
        return "private-key"
    if "$" in text and is_password_hash(text):
        return "password-hash"
    if "@" in text and _EMAIL.fullmatch(text):
        return "email"
    if is_card(text):
        return "card"
    if text[2:4].isdigit() and is_iban(text):
        return "iban"
    return "key" if is_key(text) else ""


def is_key(text: str) -> bool:
    """True when the whole text has the shape of a well-known key and is not merely words."""
    if _KEY.fullmatch(text) is None:
        return False
    # Hyphenated words ("sk-fading-circle-spinner-box") have no digits; keys of that length do.
    return any(letter.isdigit() for letter in text[len(key_prefix(text)) :])


def key_prefix(text: str) -> str:
    """The part of a well-known key that may stay readable: "sk_live_", "AKIA"; else ""."""
    for pattern in _PREFIXES:
        found = pattern.fullmatch(text)
        if found is not None:
            return found[1]
    return ""
