// Show in a search result what a page says, without its code and the list of its contents.
(function () {
  "use strict";

  const NOT_SAID = ".cell_input, details.hide > summary, .live-chart, .onlyprint, mjx-assistive-mml";
  // From a file, no page can be read for its excerpt.
  if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

  const wholeText = Search.htmlToText;

  Search.htmlToText = (html, anchor) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    for (const element of page.querySelectorAll(NOT_SAID)) element.remove();
    for (const word of page.querySelectorAll("dt")) word.append(": ");
    return wholeText(page.documentElement.outerHTML, anchor);
  };
})();
