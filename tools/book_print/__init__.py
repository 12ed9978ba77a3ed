"""Write the built site as one PDF.

`book_print.facts`
    Reads what the cover, the imprint and the contents say of the book.
`book_print.chapter`
    Turns a page of the site into a chapter for paper.
`book_print.document`
    Puts cover, imprint, contents, chapters and answers into one HTML document.
`book_print.chromium`
    Prints that document, again until the page numbers in it are right.
`book_print.pdf`
    Reads the printed file, and gives it its metadata.
`book_print.checks`
    Lists what is wrong with the printed book.
`book_print.edition`
    Does all of this, from the built site to the PDF.
"""
