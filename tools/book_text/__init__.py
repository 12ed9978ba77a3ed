"""Hold the text of the book to the values that its cells compute.

`statements` finds what a text states: numbers with their signs, units and nouns, and formulas. `binding` compares that,
place by place, with what the page's binding cell says. `python -m book_text PAGE` lists what is not bound yet.
"""
