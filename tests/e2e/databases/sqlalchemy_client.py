"""SQLAlchemy's ORM over psycopg 3 and psycopg2, with reflection of the tables it has made."""

from __future__ import annotations

import os

from sqlalchemy import ForeignKey, create_engine, func, inspect, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

HOST, PORT = os.environ["ADDRESS"].split(":")


class Base(DeclarativeBase):
    """The tables."""


class User(Base):
    """Somebody."""

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    tags: Mapped[list[Tag]] = relationship(back_populates="user", order_by="Tag.id")


class Tag(Base):
    """A word for somebody."""

    __tablename__ = "tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    word: Mapped[str]
    user: Mapped[User] = relationship(back_populates="tags")


for driver in ("psycopg", "psycopg2"):
    engine = create_engine(f"postgresql+{driver}://postgres@{HOST}:{PORT}/postgres")
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        users = [User(name=f"n{i}", tags=[Tag(word="x"), Tag(word="y")]) for i in range(3)]
        session.add_all(users)
        session.commit()
        found = session.scalars(select(User).order_by(User.id))
        print(driver, [(one.id, one.name, [tag.word for tag in one.tags]) for one in found])
        second = session.get(User, 2)
        assert second is not None
        second.name = "changed"
        session.commit()
        print(session.scalar(select(func.count()).select_from(Tag)))
        session.delete(session.get(Tag, 1))
        session.commit()
        try:
            session.execute(text("insert into users(id,name) values (1,'dup')"))
        except IntegrityError as error:
            print(type(error.orig).__name__)
            session.rollback()
    print("ok object mapping\nok errors and recovery")
    seen = inspect(engine)
    print(sorted(seen.get_table_names()), [one["name"] for one in seen.get_columns("users")])
    print(seen.get_foreign_keys("tags")[0]["referred_table"], seen.get_pk_constraint("users"))
    print("ok reflection")
    engine.dispose()
