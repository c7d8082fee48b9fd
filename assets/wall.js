/* Turns a wall's slides without hands, shifts its pixels, dims it at night, and reloads it once a day at a quiet hour. */
(function () {
  "use strict";
  var page = document.documentElement, shown = "", paused = false, timer = 0, shift = 0, DAY = 1440;
  var told = document.querySelector("[data-slides]").dataset;
  // Where the live script cannot run, the lite wall shows the same numbers.
  if (!window.warboard) { location.replace(location.pathname.replace("/wall/", "/wall/lite/") + location.search); return; }

  function slides() { return Array.prototype.slice.call(document.querySelectorAll("[data-slide]")); }
  function position(all) {
    for (var at = 0; at < all.length; at += 1) if (all[at].dataset.slide === shown) return at;
    return 0;
  }
  function show(at) {
    var all = slides(), names = document.querySelectorAll("[data-slide-names] > *");
    if (!all.length) return;
    at = (at + all.length) % all.length;
    shown = all[at].dataset.slide;
    all.forEach(function (slide, index) { slide.classList.toggle("is-shown", index === at); });
    Array.prototype.forEach.call(names, function (name, index) { name.classList.toggle("is-shown", index === at); });
  }
  function turn(by) {
    clearTimeout(timer);
    var seconds = 20;
    try {
      show(position(slides()) + by);
      seconds = Number(slides()[position(slides())].dataset.seconds) || 20;
    } catch (failed) { seconds = 20; }
    if (!paused) timer = setTimeout(turn, seconds * 1000, 1);
  }
  function pause() {
    paused = !paused;
    page.classList.toggle("is-paused", paused);
    turn(0);
  }
  function minutes(time) { return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5)); }
  function between(from, until) { return (minutes(until) - minutes(from) + DAY) % DAY; }
  function since(time) { return between(time, window.warboard.groupTime().slice(11, 16)); }
  window.warboard.within = function (from, until) { return since(from) < between(from, until); };
  function refresh() { if (performance.now() > 36e5) window.warboard.reload(); }
  function care() {
    var memory = performance.memory, late = since(told.reloadAt);
    page.classList.remove("shift-" + shift);
    shift = (shift + 1) % 4;
    page.classList.add("shift-" + shift);
    page.classList.toggle("is-night", window.warboard.within(told.dimFrom, told.dimUntil));
    // Not all screens in the same minute.
    if ((late < 20 && (Math.random() < 0.15 || late >= 15)) || (memory && memory.usedJSHeapSize > 3e8)) refresh();
  }

  document.addEventListener("keydown", function (event) {
    if (event.key === "ArrowRight" || event.key === "ArrowLeft") turn(event.key === "ArrowRight" ? 1 : -1);
    else if (event.key === " ") pause();
    else return;
    event.preventDefault();
  });
  document.addEventListener("warboard:swapped", function () { show(position(slides())); });
  setInterval(care, 60000);
  turn(0);
})();
