/* Starts Dash late: its own tags wait in a template, which browsers neither fetch nor run, until somebody touches the page. */
(function () {
  "use strict";
  var waiting = document.getElementById("dash"), events = ["pointerdown", "touchstart", "keydown", "wheel"];
  if (!waiting) return;

  function preload(address) {
    var link = document.createElement("link");
    link.rel = "preload";
    link.as = "script";
    link.href = address;
    document.head.appendChild(link);
  }
  function run(scripts) {
    var script = scripts.shift();
    if (!script) return;
    if (script.src) script.onload = function () { setTimeout(run, 0, scripts); };
    document.body.appendChild(script);
    if (!script.src) run(scripts);
  }
  function start() {
    if (!waiting) return;
    var parts = document.importNode(waiting.content, true), charts = waiting.dataset.charts;
    waiting = null;
    // Dash asks this address for plotly.js; ours has the kinds of chart that we draw, and a name that changes with its content.
    Object.defineProperty(window, "_dashPlotlyJSURL", { get: function () { return charts; }, set: function () {} });
    events.forEach(function (name) { removeEventListener(name, start); });
    var scripts = Array.prototype.slice.call(parts.querySelectorAll("script"));
    scripts.forEach(function (script) { if (script.src) preload(script.src); });
    preload(charts);
    run(scripts);
  }
  events.forEach(function (name) { addEventListener(name, start, { passive: true }); });
  if (matchMedia("(min-width: 60rem) and (pointer: fine)").matches) addEventListener("load", function () {
    (window.requestIdleCallback || setTimeout)(start);
  });
})();
