// Make the tables and equations of a page easy to reach and to scroll, and tables easy to filter and to read on a phone.
(function () {
  "use strict";

  const LONG = 24; // rows: a table with more can be filtered
  const WORDY = 45; // characters: with a longer cell, rows become cards on a phone
  const NUMBER = 18; // characters up to which a cell with a digit stays on one line
  const MANY = 8; // columns: from here on they stand closer together
  const NAME = 16; // characters of a name in the first column that stays on one line

  function headers(table) {
    return [...table.querySelectorAll("thead th, thead td")].map((cell) => cell.textContent.trim());
  }

  const isCut = (box) => box.scrollWidth > box.clientWidth;
  const hidden = (box) => [box.scrollLeft, box.scrollWidth - box.clientWidth - box.scrollLeft];

  function fade(box, [left, right]) {
    box.style.setProperty("--hidden", `${right}px`);
    box.classList.toggle("more-right", right > 1);
    box.classList.toggle("more-left", left > 1);
  }

  // A box that scrolls says so to the eye by its edges, and to a keyboard and a screen reader.
  function settle(box, scrolls) {
    box.classList.toggle("scrolls", scrolls);
    if (scrolls) {
      box.tabIndex = 0;
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", names.get(box));
    } else {
      for (const attribute of ["tabindex", "role", "aria-label"]) box.removeAttribute(attribute);
    }
  }

  // All boxes together, so that the page is laid out once for each step and not for each box.
  const names = new Map();
  const sizes = new ResizeObserver((entries) => {
    const boxes = entries.map(({ target }) => target);
    for (const box of boxes) box.classList.remove("tight", "scrolls"); // They change what is measured.
    const cut = boxes.filter(isCut);
    for (const box of cut) box.classList.add("tight");
    const scrolling = new Set(cut.filter(isCut));
    for (const box of boxes) settle(box, scrolling.has(box));
    const ends = boxes.map(hidden);
    boxes.forEach((box, index) => fade(box, ends[index]));
  });

  function watchScrolling(box, name) {
    names.set(box, name);
    box.addEventListener("scroll", () => fade(box, hidden(box)), { passive: true });
    sizes.observe(box);
  }

  function addFilter(box, table) {
    const rows = [...table.tBodies[0].rows];
    const texts = rows.map((row) => row.textContent.toLowerCase());
    const bar = document.createElement("div");
    bar.className = "table-filter";
    const label = bar.appendChild(document.createElement("label"));
    label.append("Only rows with ");
    const field = label.appendChild(document.createElement("input"));
    field.type = "search";
    field.autocomplete = "off";
    const count = bar.appendChild(document.createElement("output"));
    function update() {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach((row, index) => {
        row.hidden = !words.every((word) => texts[index].includes(word));
        shown += !row.hidden;
      });
      count.value = shown ? `${shown} of ${rows.length}` : "no row matches";
    }
    field.addEventListener("input", update);
    update();
    box.before(bar);
  }

  // The roles keep a row a row where the style sheet turns it into a card.
  function labelCells(table) {
    const names = headers(table);
    table.classList.add("wordy");
    table.setAttribute("role", "table");
    for (const group of [table.tHead, ...table.tBodies]) group.setAttribute("role", "rowgroup");
    for (const row of table.rows) {
      row.setAttribute("role", "row");
      [...row.cells].forEach((cell, index) => {
        cell.setAttribute("role", cell.tagName === "TH" ? "columnheader" : "cell");
        cell.dataset.label = names[index];
      });
    }
  }

  // Let a long name or address break between its parts, but no number at its decimal point.
  function addBreakPoints(table) {
    const walker = document.createTreeWalker(table.tBodies[0], NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode()) texts.push(walker.currentNode);
    for (const text of texts) {
      const pieces = text.data.split(/(?<=\S{8}(?:[/_=&?-]|\.(?!\d)))(?=\S{3})/);
      text.replaceWith(...pieces.flatMap((piece, index) => (index ? [document.createElement("wbr"), piece] : [piece])));
    }
  }

  function prepareTable(box, table, number) {
    const cells = [...table.tBodies[0].querySelectorAll("td")];
    if (cells.some((cell) => cell.textContent.length > WORDY)) {
      labelCells(table);
      addBreakPoints(table);
    }
    for (const cell of cells) {
      const text = cell.textContent.trim();
      if (text.length > WORDY) cell.classList.add("long");
      if (/\d/.test(text) && !cell.querySelector("a") && text.length <= (cell.cellIndex ? NUMBER : NAME)) cell.classList.add("whole");
    }
    if (headers(table).length >= MANY) table.classList.add("many");
    if (headers(table).length === 2) table.classList.add("pairs");
    if (table.tBodies[0].rows.length > LONG) addFilter(box, table);
    watchScrolling(box, `Table ${number}: ${headers(table).join(", ")}`);
  }

  function kindOf(box) {
    if (box.matches("pre")) return "code";
    return box.matches(".math-scroll") ? "an equation" : "a table";
  }

  function prepare(box, number) {
    const table = box.querySelector("table");
    if (table?.tHead && table.tBodies.length) prepareTable(box, table, number);
    else watchScrolling(box, `Box ${number}: ${kindOf(box)}`);
  }

  const boxes = document.querySelectorAll(".pst-scrollable-table-container, .math-scroll, pre");
  [...boxes].forEach((box, index) => {
    const fold = box.closest("details:not([open])");
    if (fold) fold.addEventListener("toggle", () => prepare(box, index + 1), { once: true });
    else prepare(box, index + 1);
  });
})();
