// A definition shows at the edge of the window away from its word. A tap shows it, and only the next one follows the link.
(function () {
  "use strict";

  const SHOWN = "is-shown";
  const LOW = "is-low"; // in the part of the window where a definition would hide its word

  function linkOf(event) {
    return event.target.closest?.("a.glossary-link");
  }

  function place(event) {
    const link = linkOf(event);
    link?.classList.toggle(LOW, link.getBoundingClientRect().bottom > innerHeight / 2);
  }

  function show(link) {
    for (const other of document.querySelectorAll(`a.${SHOWN}`)) other.classList.remove(SHOWN);
    link?.classList.add(SHOWN);
  }

  for (const type of ["pointerover", "focusin"]) document.addEventListener(type, place);
  document.addEventListener("click", (event) => {
    const link = linkOf(event);
    if (link && event.pointerType === "touch" && !link.classList.contains(SHOWN)) event.preventDefault();
    show(event.pointerType === "touch" ? link : null);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    show(null);
    document.querySelector("a.glossary-link:focus")?.blur();
  });
})();
