"""The model test: random things that people, editors and git do to a checkout, and what must hold after them."""
