// Make the document fit for paper, and list its headings and what is wrong with it.
// Runs in a window as wide as the page's text, with the style of print.
([width, height]) => {
  const SMALLEST_SCALE = 0.6; // of a formula that is too wide
  const HIGHEST_UNSPLIT_TABLE = 0.3; // of a page: a higher table may be split between pages
  const UNSET_MATHEMATICS = /\\[()[\]]|\$\$|\\(begin|frac|mathrm|text)\b/;
  const problems = [];

  function report(problem, element) {
    const place = element.closest("[id]");
    const words = (element.alt || element.textContent).trim().replace(/\s+/g, " ").slice(0, 60);
    problems.push(`${problem}: ${element.tagName.toLowerCase()} in ${place ? place.id : "the document"}: ${words}`);
  }

  // MathJax draws its letters as CSS content, which a PDF cannot search, copy or read aloud.
  function writeLettersAsText() {
    const letters = [...document.querySelectorAll("mjx-c")].map((element) => {
      const { content, padding, display, width, fontFamily } = getComputedStyle(element, "::before");
      return { element, content, style: { padding, display, width, fontFamily } };
    });
    for (const { element, content, style } of letters) {
      const text = document.createElement("mjx-text");
      text.textContent = content.replace(/^"|"$/g, "").replace(/\\(.)/g, "$1");
      Object.assign(text.style, style);
      element.append(text);
    }
    document.documentElement.classList.add("letters-are-text");
    document.querySelectorAll("mjx-assistive-mml").forEach((copy) => copy.remove());
  }

  // Chromium leaves the last line of three alone on the next page, whatever the style says about widows.
  function keepShortParagraphs() {
    for (const paragraph of document.querySelectorAll("p")) {
      const line = parseFloat(getComputedStyle(paragraph).lineHeight);
      if (paragraph.getBoundingClientRect().height < 3.5 * line) paragraph.style.breakInside = "avoid";
    }
  }

  function fitTables() {
    for (const table of document.querySelectorAll("table")) {
      for (const size of ["small", "smaller"]) {
        if (table.getBoundingClientRect().width > table.parentElement.clientWidth) {
          table.classList.add(size);
        }
      }
      if (table.getBoundingClientRect().height > HIGHEST_UNSPLIT_TABLE * height) table.classList.remove("short");
    }
  }

  function shrinkFormulas() {
    for (const block of document.querySelectorAll("div.math")) {
      const formula = block.querySelector("mjx-math");
      if (!formula) continue;
      const number = block.querySelector(".eqno");
      const room = block.clientWidth - (number ? number.getBoundingClientRect().width : 0);
      const scale = room / formula.getBoundingClientRect().width;
      if (scale < 1) {
        formula.style.zoom = scale;
        if (scale < SMALLEST_SCALE) report("formula too small to read", block);
      }
    }
  }

  function check() {
    for (const math of document.querySelectorAll(".math")) {
      if (!math.querySelector("mjx-math")) report("mathematics not set", math);
    }
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const element = texts.currentNode.parentElement;
      if (UNSET_MATHEMATICS.test(texts.currentNode.data) && !element.closest("pre, code, script, style")) {
        report("mathematics not set", element);
      }
    }
    for (const image of document.images) {
      if (!image.naturalWidth) report("picture not found", image);
    }
    for (const element of document.body.querySelectorAll("*")) {
      if (element.closest(".cover") || element.parentElement.closest("svg, mjx-math")) continue;
      const box = element.getBoundingClientRect();
      if (box.right > width + 0.5 || box.left < -0.5) report("wider than the page", element);
      if (box.height > height && getComputedStyle(element).breakInside === "avoid") {
        report("taller than the page", element);
      }
    }
  }

  writeLettersAsText();
  keepShortParagraphs();
  fitTables();
  shrinkFormulas();
  check();
  const headings = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map((heading) => {
    const words = heading.cloneNode(true);
    words.querySelectorAll(".math").forEach((formula) => formula.remove());
    return [heading.textContent.trim(), words.textContent.trim()];
  });
  return { problems, headings };
}
