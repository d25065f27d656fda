-- Run at every start; what is there stays.
create table if not exists orders (
    number    integer generated always as identity (start with 1001) primary key,
    status    text not null default 'placed',
    name      text not null,
    email     text not null,
    address   jsonb not null,
    service   text not null,
    shipping  integer not null, -- cents, as all money here
    total     integer not null,
    charge    text,
    last4     text,
    refund    text,
    placed_at timestamptz not null
);
create table if not exists lines (
    number   integer not null references orders,
    sku      text not null,
    quantity integer not null
);
create table if not exists stock (
    sku     text primary key,
    on_hand integer not null
);
insert into stock values
    ('tea-green', 100), ('tea-black', 100), ('cup', 100), ('pot', 2), ('kettle', 10)
on conflict do nothing;
