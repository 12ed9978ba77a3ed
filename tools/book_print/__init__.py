"""Write the built site as one PDF.

In the order of the work: `metadata` reads title, authors and date; `chapter` turns a page of the site into a
chapter, with pictures from `live_charts`; `book_html` puts all chapters into one HTML document; `html_to_pdf`
prints it with Chromium; `pdf_metadata` writes bookmarks and metadata into the PDF; `pdf_checks` lists what is
wrong with it. `build` calls them all.
"""
