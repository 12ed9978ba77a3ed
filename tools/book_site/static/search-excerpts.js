// Show in a search result what a page says, or what a word means, without code and the list of contents.
(function () {
  "use strict";

  const NOT_SAID =
    ".cell_input, details.hide > summary, .live-chart, .onlyprint, .letters, div.math, .math mjx-math";
  const BETWEEN = { msub: "_", msup: "^", msubsup: "_", mfrac: "/" };
  // From a file, no page can be read for its excerpt.
  if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

  const wholeText = Search.htmlToText;

  function definition(entry) {
    let sibling = entry;
    while (sibling.tagName !== "DD") sibling = sibling.nextElementSibling;
    return sibling.querySelector("p").textContent;
  }

  Search.htmlToText = (html, anchor) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    for (const element of page.querySelectorAll(NOT_SAID)) element.remove();
    for (const [tag, sign] of Object.entries(BETWEEN)) {
      for (const formula of page.querySelectorAll(tag)) formula.firstElementChild.append(sign);
    }
    for (const word of page.querySelectorAll("dt")) word.append(": ");
    const entry = anchor && page.querySelector(`dt${anchor}`);
    if (entry) entry.append(definition(entry));
    return wholeText(page.documentElement.outerHTML, anchor);
  };
})();
