// The button in the header opens all folded code of this page, and of the pages that the reader opens next.
(function () {
  "use strict";

  const KEY = "book-show-all-code";
  const button = document.querySelector(".all-code");
  const folds = [...document.querySelectorAll("details.hide.above-input")];

  // A browser may forbid pages to remember anything.
  function remembered() {
    try {
      return localStorage.getItem(KEY) === "true";
    } catch {
      return false;
    }
  }

  function remember(pressed) {
    try {
      localStorage.setItem(KEY, pressed);
    } catch {
      // The button then works for this page alone.
    }
  }

  function press(pressed) {
    button.setAttribute("aria-pressed", pressed);
    for (const fold of folds) fold.open = pressed;
  }

  button.addEventListener("click", () => {
    const pressed = button.getAttribute("aria-pressed") !== "true";
    press(pressed);
    remember(pressed);
  });
  if (remembered()) press(true);
})();
