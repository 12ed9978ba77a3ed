"""Check the built site in a real browser: every page, wide and narrow, light and dark.

`server`
    Serves the site as a static host does.
`pages`
    Lists the pages of the site.
`links`
    Finds links that lead nowhere, from the HTML files alone.
`browser`, `visit`
    Open a page in Chromium and note what is wrong with it; `in_page.js` looks from inside.
`navigation`
    Follows previous and next, and searches.
`charts`
    Moves the controls of live charts.
`lighthouse`
    Asks Lighthouse for its scores.
`report`
    Compares what was found with the limits, and writes it down.
"""
