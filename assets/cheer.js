/* Celebrates contracts that land while a wall is open: one after the other, each once, none of the past, none in quiet hours. */
(function () {
  "use strict";
  var stage = document.querySelector("[data-cheer]"), list = document.querySelector("[data-part=landed]");
  var revoked = document.querySelector("[data-notice=revoked]"), MOST = 500, seen = [], queue = [], timer = 0;
  if (!stage || !list || !window.warboard) return;

  function quiet() { return window.warboard.within(stage.dataset.quietFrom, stage.dataset.quietUntil); }
  function next() {
    var card = queue.shift();
    timer = card ? setTimeout(next, Number(stage.dataset.cheer) * 1000) : 0;
    stage.textContent = "";
    stage.hidden = !card;
    while (card && card.firstChild) stage.appendChild(card.firstChild);
  }
  function meet(celebrates) {
    var fresh = Array.prototype.filter.call(list.children, function (card) { return seen.indexOf(card.dataset.landed) < 0; });
    fresh.reverse().forEach(function (card) {
      seen.push(card.dataset.landed);
      if (celebrates && !quiet()) queue.push(card.cloneNode(true));
    });
    seen = seen.slice(-MOST);
    if (queue.length && !timer) next();
  }
  function forget() {
    if (revoked.hidden) return;
    queue = [];
    list.textContent = "";
    clearTimeout(timer);
    next();
  }

  document.addEventListener("warboard:swapped", function () { meet(true); });
  if (revoked) new MutationObserver(forget).observe(revoked, { attributes: true });
  meet(false);
})();
