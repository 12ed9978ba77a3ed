"""Check the built site in a real browser: every page, wide and narrow, light and dark.

`server` serves the `pages` of the site as a static host does, and `links` reads their HTML files. In Chromium,
`page_checks` opens a page and lists what is wrong with it, `chart_controls` moves the controls of live charts,
and `search` searches; `in_page.js` looks from inside. `lighthouse` asks Lighthouse for its scores, and `report`
compares everything with the limits.
"""
