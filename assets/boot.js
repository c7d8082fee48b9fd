/* Starts Dash late: its own tags wait in a template, which browsers neither fetch nor run, until somebody touches the page.
   A page that is being read fetches them ahead, one at a time and without running them, unless data is to be saved. */
(function () {
  "use strict";
  var waiting = document.getElementById("dash"), events = ["pointerdown", "touchstart", "keydown", "wheel"];
  var READ = 3000, saves = navigator.connection && navigator.connection.saveData;
  if (!waiting) return;

  function addresses(parts) {
    var scripts = Array.prototype.slice.call(parts.querySelectorAll("script[src]"));
    return scripts.map(function (script) { return script.src; }).concat(waiting.dataset.charts || []);
  }
  function ahead(left) {
    var next = waiting && left.shift();
    if (next) fetch(next, { priority: "low" }).then(function (found) { return found.blob(); }).then(function () { ahead(left); }, function () {});
  }
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
    var parts = document.importNode(waiting.content, true), charts = waiting.dataset.charts, wanted = addresses(parts);
    waiting = null;
    // Dash asks this address for plotly.js; ours has the kinds of chart that we draw, and a name that changes with its content.
    Object.defineProperty(window, "_dashPlotlyJSURL", { get: function () { return charts; }, set: function () {} });
    events.forEach(function (name) { removeEventListener(name, start); });
    var scripts = Array.prototype.slice.call(parts.querySelectorAll("script"));
    wanted.forEach(preload);
    run(scripts);
  }
  events.forEach(function (name) { addEventListener(name, start, { passive: true }); });
  if (window.touched) start();
  if (!saves) setTimeout(function () { if (waiting) ahead(addresses(waiting.content)); }, READ);
  if (matchMedia("(min-width: 60rem) and (pointer: fine)").matches) (window.requestIdleCallback || setTimeout)(start);
})();
