/* The list of scenes for a remote control: OK opens it, arrows choose, OK goes there, Back closes; it closes by itself. */
(function () {
  "use strict";
  var menu = document.querySelector("[data-menu]"), STAYS = 15000, timer = 0;
  if (!menu) return;
  var links = Array.prototype.slice.call(menu.querySelectorAll("a"));
  var STEPS = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 }, OPENS = ["Enter", "m", "ContextMenu"];
  var CLOSES = ["Escape", "Backspace", "GoBack", "BrowserBack", "m", "ContextMenu"];

  function close() {
    clearTimeout(timer);
    menu.hidden = true;
    if (document.activeElement) document.activeElement.blur();
  }
  function choose(at) {
    menu.hidden = false;
    links[(at + links.length) % links.length].focus();
    clearTimeout(timer);
    timer = setTimeout(close, STAYS);
  }
  function here() {
    for (var at = 0; at < links.length; at += 1) if (links[at].getAttribute("aria-current")) return at;
    return 0;
  }
  // A wall leaves its picture only for a page that is there.
  function go(link) {
    fetch(link.href, { method: "HEAD", cache: "no-store", redirect: "error" })
      .then(function (answer) { if (answer.ok) location.assign(link.href); else close(); })
      .catch(close);
  }
  document.addEventListener("keydown", function (event) {
    var at = links.indexOf(document.activeElement), key = event.key;
    if (menu.hidden && OPENS.indexOf(key) >= 0) choose(here());
    else if (menu.hidden) return;
    else if (STEPS[key]) choose(at + STEPS[key]);
    else if (key === "Enter" && at >= 0) go(links[at]);
    else if (CLOSES.indexOf(key) >= 0) close();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
})();
