"""A small shop's order service: takes orders, charges cards, has parcels sent."""
