"""Telling names: fields, headers and query parameters whose value is secret whatever it looks like.

Names are compared whole, without case, dashes, underscores, dots and spaces: `client_secret`,
`clientSecret` and `Client-Secret` are one name, `client_secret_hint` is another.
"""

from __future__ import annotations

import functools
import re

from ci_gate.values.redaction.personal import personal_name

_SECRETS = """
password, passwd, pwd, pass word, passphrase, pass code, new password, old password,
current password, confirm password, password confirm, password confirmation, password repeat,
repeat password, user password, db password, database password, login password, smtp password,
admin password, root password, master password, plain password, password hash, hashed password,
password 1, password 2, new password 1, new password 2, user pass, j password,
password digest, encrypted password,
secret, secrets, client secret, app secret, application secret, shared secret, webhook secret,
signing secret, consumer secret, token secret, oauth token secret, api secret, api secret key,
secret key, secret access key, aws secret access key, totp secret, otp secret, jwt secret, session secret,
token, tokens, access token, refresh token, id token, auth token, authentication token,
authorization token, api token, bearer token, session token, security token,
aws session token, x amz security token, x amz signature, csrf token, xsrf token,
csrf middleware token, request verification token, device token, push token, registration token,
verification token, reset token, password reset token, confirmation token, activation token,
invite token, remember token, login token, user token, oauth token, personal access token, jwt,
jwt token, assertion, client assertion, saml response, saml assertion,
api key, apikey, x api key, app key, application key, auth key, access key, access key id,
aws access key id, account key, subscription key, license key, encryption key, master key, private key,
private key pem, private token, ssh key, ssh private key, signing key, service key, secret api key,
authorization, proxy authorization, credential, credentials, x auth token,
otp, one time password, mfa code, totp, totp code, two factor code, recovery code, recovery codes,
backup code, backup codes, security answer, session key, session cookie
"""
_CARD_CODES = (
    "cvv, cvc, cvv2, cvc2, card cvv, card cvc, card code, card security code, security code, csc"
)
_CARD_NUMBERS = (
    "card number, credit card number, credit card, cc number, ccnumber, pan, primary account number"
)
_QUERY_ONLY = "sig, signature, x goog signature, key pair id, x amz credential"
_HEADERS = """
authorization, proxy-authorization, x-authorization, authentication, cookie, set-cookie,
x-forwarded-access-token, x-forwarded-authorization, x-original-authorization,
x-api-key, api-key, apikey, x-apikey, x-app-key, x-auth-key, x-auth-token, auth-token, x-access-token,
access-token, x-refresh-token, x-id-token, x-token, token, x-session-token, x-session-id, x-session,
x-csrf-token, x-xsrf-token, csrf-token, x-csrftoken, x-secret, x-secret-key, x-client-secret,
x-webhook-secret, x-amz-security-token, x-aws-ec2-metadata-token, x-vault-token, x-consul-token,
x-gitlab-token, private-token, job-token, x-github-token, x-shopify-access-token, x-goog-api-key,
x-goog-iam-authorization-token, x-functions-key, ocp-apim-subscription-key, x-rapidapi-key,
x-mashape-key, x-algolia-api-key, x-parse-rest-api-key, x-parse-session-token, dd-api-key,
dd-application-key, x-sentry-auth, sentry-trace-auth, x-honeycomb-team, x-license-key,
x-newrelic-api-key, x-insert-key, x-query-key, x-mbx-apikey, circle-token, x-figma-token,
x-plex-token, x-ms-authorization-auxiliary, x-ms-client-principal, x-zuul-token, x-okta-session,
x-postmark-server-token, x-subscription-token, x-user-token, x-service-token, x-internal-token,
x-device-token, x-hasura-admin-secret, x-signature-key, x-password
"""

_SIGNATURE_HEADERS = """
x-hub-signature, x-hub-signature-256, x-shopify-hmac-sha256, x-slack-signature, stripe-signature,
webhook-signature, svix-signature
"""

_SEPARATORS = re.compile(r"[^a-z0-9]+")


def _listed(names: str) -> list[str]:
    return [" ".join(name.split()) for name in names.split(",")]


def _joined(names: str) -> frozenset[str]:
    return frozenset(name.replace(" ", "") for name in _listed(names))


_KINDS: dict[str, str] = {
    **dict.fromkeys(_joined(_SECRETS), "secret"),
    **dict.fromkeys(_joined(_CARD_CODES), "cvv"),
    **dict.fromkeys(_joined(_CARD_NUMBERS), "card"),
}
_QUERY_KINDS = dict.fromkeys(_joined(_QUERY_ONLY), "secret")
SIGNATURES = frozenset(_listed(_SIGNATURE_HEADERS))
"""Headers (lower case) in which a signature by a shared secret stands, beside what is no secret."""
HEADERS = frozenset(_listed(_HEADERS)) | SIGNATURES
"""Headers (lower case) whose whole value is secret; scheme and cookie names stay readable."""


def _pattern() -> str:
    """Every telling name in any spelling, for RE2 without case."""
    spelled = sorted(
        {
            name.replace(" ", "[_. -]?")
            for names in (_SECRETS, _CARD_CODES, _CARD_NUMBERS)
            for name in _listed(names)
        },
        reverse=True,
    )
    return "(?:" + "|".join(spelled) + ")"


PATTERN = _pattern()


def _joint(name: str) -> str:
    return _SEPARATORS.sub("", name.lower())


@functools.lru_cache(maxsize=4096)
def _kind(name: str) -> str:
    return _KINDS.get(_joint(name), "")


def is_secret_header(name: bytes) -> bool:
    """True when the whole value of a header of that name is secret."""
    return len(name) <= 40 and _is_secret_header(name)


@functools.lru_cache(maxsize=4096)
def _is_secret_header(name: bytes) -> bool:
    lowered = name.decode("latin-1").lower()
    return lowered in HEADERS or bool(secret_name(lowered))


def secret_name(name: str) -> str:
    """What a field of that name holds: "secret", "cvv" (digits count too), "card", or ""."""
    return _kind(name) if 0 < len(name) <= 40 else ""


_PASSWORDS = ("password", "passwd", "pwd", "passcode", "passphrase")


def is_password(name: str) -> bool:
    """True for names under which a number is a secret, too; under `tokens` it is a count of them."""
    joint = _joint(name) if len(name) <= 40 else ""
    return any(one in joint for one in _PASSWORDS)


def telling_name(name: str) -> str:
    """What a field of that name holds: as `secret_name`, and what is a person's (`personal`), which
    counts only when the value looks like it."""
    return secret_name(name) or personal_name(name)


_NESTED = re.compile(r"[\[.]([^\[\].]{1,40})\]?\Z")


def secret_parameter(name: str) -> str:
    """The same for query and form fields, which have a few names more, and nested ones:
    `user[password]`, `user.password`."""
    return _parameter(name) if len(name) <= 100 else ""


@functools.lru_cache(maxsize=4096)
def _parameter(name: str) -> str:
    nested = _NESTED.search(name)
    for candidate in (name, nested[1] if nested else ""):
        kind = secret_name(candidate) or _QUERY_KINDS.get(_joint(candidate), "")
        if kind:
            return kind
    return ""


@functools.lru_cache(maxsize=4096)
def telling_parameter(name: str) -> str:
    """As `telling_name` for query and form fields."""
    if len(name) > 100:
        return ""
    nested = _NESTED.search(name)
    return _parameter(name) or personal_name(name) or (personal_name(nested[1]) if nested else "")
