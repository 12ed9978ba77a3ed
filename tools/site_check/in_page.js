// What the checks ask of a page, from inside it: added to every page before its own scripts.
window.siteCheck = (function () {
  "use strict";

  const SOURCE = /\\\(|\\\[|\$\$|\\frac/;
  const NOT_PROSE = "script, style, template, noscript, code, pre, mjx-assistive-mml";
  const DRAWN = "mjx-container, svg, math";
  const CHART = ".live-chart";
  const LIVE = "[data-live]";
  const CONTROL = "[data-name]";
  const WORDS = ".live-chart-value span";
  const RESET = ".live-chart-presets button:last-child";
  const QUIET = 120; // ms without a change after which a chart stands still
  const LONGEST = 500; // ms to wait for a change

  // A browser that sees no reason to draw must not keep a check waiting.
  const nextFrame = () => new Promise((resolve) => {
    requestAnimationFrame(resolve);
    setTimeout(resolve, 100);
  });

  function shown(element) {
    return `${element.textContent.trim().slice(0, 60)} (${element.tagName.toLowerCase()})`;
  }

  // Mathematics that a reader would see as its source, or as an error.
  function unsetMathematics() {
    const found = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const element = texts.currentNode.parentElement;
      if (SOURCE.test(texts.currentNode.data) && !element.closest(NOT_PROSE)) found.push(shown(element));
    }
    for (const formula of document.querySelectorAll(".math")) {
      if (!formula.querySelector(DRAWN)) found.push(shown(formula));
    }
    for (const error of document.querySelectorAll("mjx-merror, [data-mjx-error]")) found.push(shown(error));
    return [...new Set(found)];
  }

  // Where the page is wider than the window: the innermost elements that stick out.
  function overflow() {
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth) return [];
    const wide = [...document.body.querySelectorAll("*")].filter(
      (element) => element.getBoundingClientRect().right > root.clientWidth + 1,
    );
    const innermost = wide.filter((element) => !wide.some((other) => other !== element && element.contains(other)));
    const names = innermost.map((element) => `${element.tagName.toLowerCase()}.${element.getAttribute("class")}`);
    return [`${root.scrollWidth} px in ${root.clientWidth} px: ${[...new Set(names)].slice(0, 5).join(", ")}`];
  }

  // Scroll from top to bottom, for what loads only when it comes into view.
  async function readToTheEnd() {
    for (let y = 0; y < document.documentElement.scrollHeight; y += window.innerHeight) {
      window.scrollTo({ top: y, behavior: "instant" });
      await nextFrame();
      await nextFrame();
    }
    window.scrollTo({ top: 0, behavior: "instant" });
  }

  // Open whatever is folded away, without the fading in, and lay out what is out of sight; its boxes then say how they
  // scroll in the next frame.
  async function unfold() {
    const all = new CSSStyleSheet();
    all.replaceSync("* { content-visibility: visible !important; }");
    document.adoptedStyleSheets.push(all);
    for (const details of document.querySelectorAll("details")) details.open = true;
    for (const button of document.querySelectorAll("button.toggle-button-hidden")) button.click();
    for (const animation of document.getAnimations()) animation.finish();
    await nextFrame();
    await nextFrame();
  }

  const charts = () => [...document.querySelectorAll(CHART)];
  const liveCharts = () => charts().filter((chart) => chart.matches(LIVE));
  const chartsAreLive = () => liveCharts().length === charts().length;

  // Go to the first chart as soon as it is there; return when it was live, in ms since the start of the visit.
  async function firstLiveChart() {
    while (!liveCharts().length) {
      charts()[0]?.scrollIntoView({ behavior: "instant" });
      await nextFrame();
    }
    return performance.now();
  }

  const controls = (chart) => [...chart.querySelectorAll(CONTROL)];

  // The values that a control can take, least and most or first and last.
  function ends(control) {
    if (control.matches("select")) return [...control.options].map((option) => JSON.parse(option.value));
    if (control.type === "range") return JSON.parse(control.dataset.values);
    return [Number(control.min), Number(control.max)];
  }

  function settingOf(control) {
    if (control.matches("select")) return JSON.parse(control.value);
    return control.type === "range" ? ends(control)[control.value] : Number(control.value);
  }

  function set(control, value) {
    if (control.type === "range" && !ends(control).includes(value)) throw new Error(`no stop at ${value}`);
    if (control.matches("select")) control.value = JSON.stringify(value);
    else control.value = control.type === "range" ? ends(control).indexOf(value) : value;
    control.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // What a chart draws, and what it says line by line.
  function drawing(chart) {
    const marks = [...chart.querySelectorAll("svg path, svg line")];
    return marks.map((mark) => `${mark.getAttribute("d")} ${mark.getAttribute("transform")}`).join();
  }

  // A line without words keeps its place, and says nothing.
  const words = (chart) => [...chart.querySelectorAll(WORDS)].map((line) => line.textContent).filter(Boolean);

  // The live charts, and for each control where it can be moved to.
  function describeLiveCharts() {
    return liveCharts().map((chart, number) => ({
      number,
      specification: JSON.parse(chart.querySelector("script[type='application/json']").textContent),
      words: words(chart),
      controls: controls(chart).map((control, position) => {
        const [least, most] = [ends(control).at(0), ends(control).at(-1)];
        return {
          position, name: control.dataset.name, kind: control.type,
          ends: [most, least].filter((end) => end !== settingOf(control)),
        };
      }),
    }));
  }

  // The words of a chart that reach beyond it, and the numbers that are wider than their boxes.
  function cut(chart) {
    const room = chart.getBoundingClientRect();
    const texts = [...chart.querySelectorAll("svg text")].filter((text) => {
      const { left, right } = text.getBoundingClientRect();
      return left < room.left - 1 || right > room.right + 1;
    });
    const boxes = controls(chart).filter((control) => control.type === "number" && control.scrollWidth > control.clientWidth);
    return [...texts.map((text) => text.textContent), ...boxes.map((box) => box.value)];
  }

  // Move a control as a reader does, and time the chart until it stands still again.
  async function moveControl(chartNumber, controlNumber, value) {
    const chart = liveCharts()[chartNumber];
    const control = controls(chart)[controlNumber];
    const before = { drawing: drawing(chart), words: words(chart).join() };
    const changed = () => [drawing(chart) !== before.drawing, words(chart).join() !== before.words];
    const start = performance.now();
    let last = start;
    const observer = new MutationObserver(() => { last = performance.now(); });
    observer.observe(chart, { subtree: true, childList: true, attributes: true, characterData: true });
    set(control, value);
    let now = start;
    while (now - last < QUIET || (!changed().every(Boolean) && now - start < LONGEST)) {
      await nextFrame();
      now = performance.now();
    }
    observer.disconnect();
    const [drawing_changed, words_changed] = changed();
    return { words: words(chart), drawing_changed, words_changed, milliseconds: last - start, cut: cut(chart) };
  }

  // Go back to the chart's example, and say what the chart says then.
  async function reset(chartNumber) {
    const chart = liveCharts()[chartNumber];
    chart.querySelector(RESET).click();
    await new Promise((resolve) => { setTimeout(resolve, QUIET); });
    return words(chart);
  }

  return {
    unsetMathematics, overflow, readToTheEnd, unfold,
    chartsAreLive, firstLiveChart, describeLiveCharts, moveControl, reset,
  };
})();
