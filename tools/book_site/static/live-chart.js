// Bring each .live-chart of the page to life when the reader comes near it.
// Nearer than any chart is to the top of its page on a phone: Vega takes a second of such a processor.
(function () {
  "use strict";

  const script = document.currentScript;
  let bundle;

  // A classic script, because a browser loads no module from file://.
  function loadBundle() {
    bundle ??= new Promise((resolve, reject) => {
      const element = document.createElement("script");
      element.src = new URL(script.dataset.bundle, script.src);
      element.onload = () => resolve(window.vegaEmbed);
      element.onerror = () => reject(new Error(`could not load ${element.src}`));
      document.head.append(element);
    });
    return bundle;
  }

  const stops = new WeakMap(); // the values at which a slider stops
  const touched = new WeakSet(); // what was moved before its chart was ready

  function setting(control) {
    if (control.matches("select")) return JSON.parse(control.value);
    return control.type === "range" ? stops.get(control)[control.value] : Number(control.value);
  }

  function show(control, value) {
    if (control.matches("select")) control.value = JSON.stringify(value);
    else if (control.type === "number") control.value = value;
    else {
      const distances = stops.get(control).map((stop) => Math.abs(stop - value));
      control.value = distances.indexOf(Math.min(...distances));
      control.setAttribute("aria-valuetext", value);
    }
  }

  // An empty line keeps its place, so that nothing moves under the reader's hand.
  function say(output, lines) {
    const words = lines.filter(Boolean);
    while (words.length < output.childElementCount) words.push("");
    const spans = words.map((line) => {
      const span = document.createElement("span");
      span.textContent = line;
      return span;
    });
    output.replaceChildren(...spans);
  }

  async function draw(chart) {
    const embed = await loadBundle();
    const spec = JSON.parse(chart.querySelector("script").textContent);
    const controls = [...chart.querySelectorAll("[data-name]")];
    for (const control of controls) {
      if (control.type === "range") stops.set(control, JSON.parse(control.dataset.values));
    }
    for (const signal of spec.signals) {
      delete signal.bind; // The page has controls of its own.
      const control = controls.find((each) => each.dataset.name === signal.name);
      if (control) signal.value = setting(control);
    }

    const picture = chart.querySelector(".live-chart-view");
    const view = picture.cloneNode(false);
    picture.after(view);
    const embedded = await embed(view, spec, {
      mode: "vega", renderer: "svg", actions: false, defaultStyle: false, tooltip: false,
      ast: true, // An interpreter of expressions: the content security policy allows no new functions.
      config: { font: getComputedStyle(chart).fontFamily },
    });
    view.setAttribute("role", "img");
    view.removeAttribute("aria-roledescription");
    picture.remove();
    view.style.minHeight = `${view.offsetHeight}px`; // A chart without curves keeps its place.

    const output = chart.querySelector(".live-chart-value");
    const vega = embedded.view;
    vega.addSignalListener("headline", (name, lines) => say(output, lines));
    say(output, vega.signal("headline"));

    function set(name, value) {
      for (const control of controls) {
        if (control.dataset.name === name && control !== document.activeElement) show(control, value);
      }
      vega.signal(name, value);
    }

    const legal = (control) => control.value !== "" && control.checkValidity();
    for (const control of controls) {
      control.addEventListener("input", () => {
        if (!legal(control)) {
          const label = control.getAttribute("aria-label").replace(", as a number", "");
          say(output, [`${label}: a ${control.step === "1" ? "whole " : ""}number from ${control.min} to ${control.max}`]);
          return;
        }
        if (control.type === "range") control.setAttribute("aria-valuetext", setting(control));
        set(control.dataset.name, setting(control));
        vega.runAsync();
        say(output, vega.signal("headline"));
      });
      control.addEventListener("change", () => {
        if (legal(control)) return;
        control.value = vega.signal(control.dataset.name); // An illegal value gives way to the last legal one.
        say(output, vega.signal("headline"));
      });
    }
    for (const control of controls) {
      if (touched.has(control)) control.dispatchEvent(new Event("input"));
    }
    for (const button of chart.querySelectorAll("[data-preset]")) {
      button.addEventListener("click", () => {
        for (const [name, value] of Object.entries(JSON.parse(button.dataset.preset))) set(name, value);
        vega.runAsync();
      });
    }
    new ResizeObserver(() => vega.width(view.clientWidth).runAsync()).observe(view);
    chart.dataset.live = "";
  }

  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      draw(target).catch(console.error); // The picture stays.
    }
  }, { rootMargin: "300px" });

  for (const chart of document.querySelectorAll(".live-chart")) {
    chart.addEventListener("input", ({ target }) => touched.add(target));
    near.observe(chart);
  }
})();
