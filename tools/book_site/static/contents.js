// A list of contents that lies over the page gives way to the section that was chosen in it.
document.addEventListener("click", (event) => {
  event.target.closest("dialog a[href^='#']")?.closest("dialog").close();
});
