// Draw each .live-chart of the page from the specification inside it.
(function () {
  "use strict";

  const TEXT = "var(--pst-color-text-base)";
  const MUTED = "var(--pst-color-text-muted)";
  const LINE = "var(--pst-color-border)";

  // The SVG keeps the CSS variables, so a change of theme needs no new drawing.
  function pageConfig(element) {
    const guide = {
      labelColor: TEXT, titleColor: TEXT, labelFontSize: 12, titleFontSize: 12,
    };
    return {
      background: "transparent",
      font: getComputedStyle(element).fontFamily,
      axis: {
        ...guide, domainColor: MUTED, tickColor: MUTED, gridColor: LINE, gridOpacity: 0.5,
      },
      legend: guide,
      header: guide,
      title: { color: TEXT, subtitleColor: MUTED, fontSize: 14, subtitleFontSize: 12 },
      text: { color: TEXT, fontSize: 12 },
      rule: { color: TEXT },
      view: { stroke: LINE },
    };
  }

  function appendDiv(parent, className) {
    const div = document.createElement("div");
    div.className = className;
    return parent.appendChild(div);
  }

  function nameControls(controls) {
    for (const bind of controls.querySelectorAll(".vega-bind")) {
      const name = bind.querySelector(".vega-bind-name").textContent;
      bind.querySelector("input[type=range]").setAttribute("aria-label", name);
    }
  }

  async function draw(chart) {
    const spec = JSON.parse(chart.querySelector("script").textContent);
    const view = appendDiv(chart, "live-chart-view");
    const controls = appendDiv(chart, "live-chart-controls");
    delete spec.$schema; // Vega-Lite 6 reads version 5, but would complain about it.
    spec.width = "container"; // The stored width is JupyterLab's.
    const embedded = await window.vegaEmbed(view, spec, {
      mode: "vega-lite", renderer: "svg", actions: false, defaultStyle: false,
      bind: controls, config: pageConfig(chart),
    });
    view.setAttribute("role", "img");
    view.removeAttribute("aria-roledescription");
    nameControls(controls);
    new ResizeObserver(() => {
      embedded.view.width(view.clientWidth).runAsync();
    }).observe(view);
  }

  // A chart that cannot be drawn leaves its words.
  function explain(chart, error) {
    console.error(error);
    chart.append(chart.querySelector("noscript").textContent.replace(/<[^>]+>/g, ""));
  }

  for (const chart of document.querySelectorAll(".live-chart")) {
    draw(chart).catch((error) => explain(chart, error));
  }
})();
