"""The templates of every generated file of Asterisk, and what renders, compares, applies them."""
