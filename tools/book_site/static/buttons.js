// What the theme's buttons do: the content security policy allows no handlers inside tags.
(function () {
  "use strict";

  const calls = { print: () => window.print(), toggleFullScreen: () => window.toggleFullScreen() };

  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-calls]");
    if (button) calls[button.dataset.calls]();
  });
})();
