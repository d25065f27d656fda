"""Dependencies behind variables."""

from __future__ import annotations

import pytest

from ci_gate.gate.detect.compose import Compose, Service
from ci_gate.gate.detect.findings import Found, Guess
from ci_gate.gate.detect.guesses import dependency_name, guess_dependencies


def guess(variables: dict[str, str], compose: Compose | None = None) -> tuple[Guess, ...]:
    """The guesses for variables of an .env file; the service's own port is 8080."""
    found = {name: Found(value, ".env") for name, value in variables.items()}
    return guess_dependencies(found, compose, 8080)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        (
            {"PAYMENTS_API_URL": "https://user:pw@api.payments.example/v1/?key=secret"},
            Guess(
                name="payments",
                upstream="https://api.payments.example",
                env=(("PAYMENTS_API_URL", "${payments.url}/v1"),),
                source="PAYMENTS_API_URL in .env",
            ),
        ),
        (
            {"SHIPPING_HOST": "shipping", "SHIPPING_PORT": "9000"},
            Guess(
                name="shipping",
                upstream="http://shipping:9000",
                env=(("SHIPPING_HOST", "${shipping.host}"), ("SHIPPING_PORT", "${shipping.port}")),
                source="SHIPPING_HOST in .env",
            ),
        ),
        (
            {"MAIL_HOST": "mail.example"},
            Guess(name="mail", upstream="http://mail.example", source="MAIL_HOST in .env"),
        ),
        (
            {"STOCK_URL": ""},
            Guess(name="stock", env=(("STOCK_URL", "${stock.url}"),), source="STOCK_URL in .env"),
        ),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://otel:4318"},
            Guess(
                name="otel-exporter-otlp",
                upstream="http://otel:4318",
                telemetry=True,
                env=(("OTEL_EXPORTER_OTLP_ENDPOINT", "${otel-exporter-otlp.url}"),),
                source="OTEL_EXPORTER_OTLP_ENDPOINT in .env",
            ),
        ),
    ],
)
def test_guesses(variables: dict[str, str], expected: Guess) -> None:
    """Name, server and variables; no user, password or query is ever copied."""
    assert guess(variables) == (expected,)


@pytest.mark.parametrize(
    ("variable", "value", "protocol", "upstream"),
    [
        ("DATABASE_URL", "postgresql+asyncpg://u:p@db:5432/x", "postgres", "db:5432"),
        ("DATABASE_URL", "mysql://db", "mysql", ""),
        ("REDIS_HOST", "cache", "redis", ""),
        ("MONGO_URI", "", "mongodb", ""),
        ("PG_HOST", "", "postgres", ""),
        ("BROKER_URL", "amqp://rabbit:5672", "amqp", "rabbit:5672"),
        ("PAGES_URL", "", "http", ""),
    ],
)
def test_protocols(variable: str, value: str, protocol: str, upstream: str) -> None:
    """By the value's scheme, else by words in the variable's name."""
    (found,) = guess({variable: value})
    assert (found.protocol, found.upstream) == (protocol, upstream)


def test_compose_says_protocol_and_published_port() -> None:
    """An image tells the protocol; a published port is reachable from here."""
    services = {
        "store": Service(name="store", image="postgres:16", ports=((15432, 5432),)),
        "pay": Service(name="pay", image="pay", ports=((9100, 9000),)),
    }
    compose = Compose(path="c.yml", services=services)
    first, second = guess({"STORE_HOST": "store", "PAY_URL": "http://pay:9000"}, compose)
    assert (first.name, first.upstream) == ("pay", "http://localhost:9100")
    assert (second.protocol, second.upstream) == ("postgres", "localhost:15432")


@pytest.mark.parametrize(
    "variables",
    [
        {"BASE_URL": "https://shop.example"},
        {"CALLBACK_URL": "https://shop.example"},
        {"SHOP_URL": "http://localhost:8080"},
        {"PORT": "8080"},
        {"X_PORT": "1"},
    ],
)
def test_what_is_about_the_service_itself(variables: dict[str, str]) -> None:
    """The service's own address is no dependency."""
    assert guess(variables) == ()


def test_two_variables_of_one_dependency() -> None:
    """PAY_URL and PAY_API_URL are one dependency with two variables."""
    (found,) = guess({"PAY_API_URL": "http://a/x", "PAY_URL": "http://a"})
    assert found.env == (("PAY_API_URL", "${pay.url}/x"), ("PAY_URL", "${pay.url}"))


@pytest.mark.parametrize("value", ["http://[", "::::", "http://a:b", "é", "${X}", "http://a/${b}"])
def test_odd_values_are_harmless(value: str) -> None:
    """What is no address gives a dependency without one, or one that still loads."""
    assert len(guess({"A_URL": value})) == 1


def test_names() -> None:
    """Filler words go, and names that mean something else are changed."""
    assert dependency_name("ORDERS_DB") == "orders-db"
    assert dependency_name("SERVICE") == "service-api"


@pytest.mark.parametrize(
    ("value", "url"),
    [
        (
            "postgres://app:pw@db:5432/shop",
            "postgres://app:${env.DB_PASSWORD:-}@${db.address}/shop",
        ),
        ("postgresql+asyncpg://app@db/shop", "postgresql+asyncpg://app@${db.address}/shop"),
        ("redis://cache:6379/3", "redis://${db.address}/3"),
        ("redis://[broken", "${db.url}"),
    ],
)
def test_a_database_keeps_its_user_and_name(value: str, url: str) -> None:
    """At our address; a password is a variable of its own, never copied."""
    (guess,) = guess_dependencies({"DB_URL": Found(value, ".env")}, None, 0)
    assert guess.env == (("DB_URL", url),)
