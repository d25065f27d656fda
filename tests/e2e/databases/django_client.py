"""Django's ORM: migrations of its own making, relations, savepoints, server-side cursors, types."""

from __future__ import annotations

import datetime
import os
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import django
from django.apps import AppConfig
from django.conf import settings

HOST, PORT = os.environ["ADDRESS"].split(":")
DATABASE = {
    "ENGINE": "django.db.backends.postgresql",
    "HOST": HOST,
    "PORT": PORT,
    "USER": "postgres",
}
settings.configure(
    DATABASES={"default": {**DATABASE, "NAME": "postgres"}},
    INSTALLED_APPS=["django.contrib.postgres", AppConfig("library", sys.modules["__main__"])],
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from django.contrib.postgres.fields import ArrayField  # noqa: E402  # needs the settings
from django.db import Error, connection, models, transaction  # noqa: E402
from django.db.models import Count, F, Q, Sum  # noqa: E402


class Author(models.Model):
    """Somebody who writes."""

    name = models.CharField(max_length=50, unique=True)
    since = models.DateField(null=True)

    class Meta:
        """Where it belongs."""

        app_label = "library"


class Book(models.Model):
    """One of every kind of column."""

    id = models.UUIDField(primary_key=True)
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")
    title = models.TextField()
    price = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    printed = models.DateTimeField(null=True)
    told = models.TimeField(null=True)
    lasts = models.DurationField(null=True)
    rating = models.FloatField(null=True)
    cover = models.BinaryField(null=True)
    about: Any = models.JSONField(default=dict)
    words: Any = ArrayField(models.TextField(), default=list)
    lent = models.BooleanField(default=False)

    class Meta:
        """Where it belongs."""

        app_label = "library"


def made() -> None:
    """The tables, as a migration makes them."""
    with connection.cursor() as cursor:
        cursor.execute("drop table if exists library_book, library_author cascade")
    with connection.schema_editor() as editor:
        editor.create_model(Author)
        editor.create_model(Book)


def book(number: int, author: Author, **more: Any) -> Book:
    """A book whose key is its number."""
    return Book(id=uuid.UUID(int=number), author=author, title=f"Böök {number} ☃", **more)


def objects() -> None:
    """Made, found, joined, counted, changed."""
    ada = Author.objects.create(name="Ada", since=datetime.date(1815, 12, 10))
    bob, fresh = Author.objects.get_or_create(name="Bob")
    print(ada.pk, bob.pk, fresh, Author.objects.get_or_create(name="Bob")[1])
    Book.objects.bulk_create(
        [book(number, ada, price=Decimal(number) / 4, rating=number / 3) for number in range(1, 6)]
    )
    book(
        9, bob, about={"k": [1, None, "é"]}, words=["a", 'b"', ""], cover=b"\x00\xff" * 5,
        printed=datetime.datetime(2024, 2, 3, 4, 5, 6, 789, datetime.UTC),
        told=datetime.time(1, 2, 3), lasts=datetime.timedelta(days=1, seconds=3), lent=True,
    ).save(force_insert=True)  # fmt: skip
    for one in Book.objects.select_related("author").order_by("id"):
        cover = None if one.cover is None else bytes(one.cover)
        print(one.id, one.author.name, one.title, one.price, one.printed, one.told, one.lasts)
        print(one.rating, cover, one.about, one.words, one.lent)
    print("ok NULLs\nok Unicode")
    print([(a.name, [b.title for b in a.books.all()])
           for a in Author.objects.prefetch_related("books").order_by("name")])  # fmt: skip
    totals = Author.objects.annotate(n=Count("books"), sum=Sum("books__price")).order_by("name")
    print(list(totals.values_list("name", "n", "sum")))
    print(Book.objects.filter(Q(price__gt=1) | Q(words__contains=["a"])).count())
    print(Book.objects.filter(about__k__0=1).values_list("title", flat=True)[:3])
    print(Book.objects.filter(price__isnull=False).update(price=F("price") * 2))
    print("ok object mapping")


def transactions() -> None:
    """Nested ones, one of which is undone; an error in one, and life after it."""
    with transaction.atomic():
        Author.objects.create(name="Cid")
        try:
            with transaction.atomic():
                Author.objects.create(name="Cid")
        except Error as error:
            print(type(error).__name__, str(error).split("\n")[0])
        locked = Author.objects.select_for_update().get(name="Cid")
        locked.since = datetime.date(2000, 1, 1)
        locked.save(update_fields=["since"])
        kept = transaction.savepoint()
        Author.objects.filter(name="Cid").delete()
        transaction.savepoint_rollback(kept)
    print(Author.objects.values_list("name", "since"))
    print("ok rollback and savepoints")
    try:
        Book.objects.extra(where=["nope = 1"]).count()
    except Error as error:
        print(type(error).__name__, str(error).split("\n")[0])
    print(Author.objects.count())
    print("ok errors and recovery")


def shapes() -> None:
    """A server-side cursor, much at once, what the database tells of its tables."""
    print([one.title for one in Book.objects.order_by("id").iterator(chunk_size=2)])
    print("ok cursors")
    big = "é" * 500_000
    Author.objects.filter(name="Bob").update(name="Bob2")
    Book.objects.filter(author__name="Bob2").update(title=big)
    print(Book.objects.get(author__name="Bob2").title == big)
    print("ok 1 MB values")
    with connection.cursor() as cursor:
        cursor.execute(
            f"select /* trace={os.environ.get('COMMENT', '1')} */ count(*) from library_book"
        )
        print(cursor.fetchone())
        print("ok changed trace comments")
        tell = connection.introspection
        print(sorted(name for name in tell.table_names(cursor) if name.startswith("library")))
        print([(c.name, c.null_ok) for c in tell.get_table_description(cursor, "library_book")])
        print(sorted(tell.get_constraints(cursor, "library_author")))
        print("ok reflection")


def pool() -> None:
    """Threads have a connection each."""

    def found(number: int) -> Any:
        try:
            return Book.objects.filter(id=uuid.UUID(int=number)).values("price", "lent").first()
        finally:
            connection.close()

    with ThreadPoolExecutor(int(os.environ.get("POOL", "1"))) as threads:
        print(list(threads.map(found, range(20))))
    print("ok pool of 1, then 8")


made()
objects()
transactions()
shapes()
pool()
print(Author.objects.all().delete())
