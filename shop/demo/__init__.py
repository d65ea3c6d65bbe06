"""The demo shop: accounts, products and their pictures."""
