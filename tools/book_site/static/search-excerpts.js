// Show in a search result what a page says, or what a word means, without code and the list of contents.
(function () {
  "use strict";

  const LEFT_OUT =
    ".cell_input, details.hide > summary, .live-chart, .onlyprint, .letters, div.math, .math mjx-math";
  const SIGNS = { msub: "_", msup: "^", msubsup: "_", mfrac: "/" };
  // A page opened from a file cannot read another for its excerpt.
  if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

  const wholeText = Search.htmlToText;

  function definition(entry) {
    let sibling = entry;
    while (sibling.tagName !== "DD") sibling = sibling.nextElementSibling;
    return sibling.querySelector("p").textContent;
  }

  Search.htmlToText = (html, anchor) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    for (const element of page.querySelectorAll(LEFT_OUT)) element.remove();
    for (const [tag, sign] of Object.entries(SIGNS)) {
      for (const formula of page.querySelectorAll(tag)) formula.firstElementChild.append(sign);
    }
    for (const word of page.querySelectorAll("dt")) word.append(": ");
    const entry = anchor && page.querySelector(`dt${anchor}`);
    if (entry) entry.append(definition(entry));
    return wholeText(page.documentElement.outerHTML, anchor);
  };
})();
