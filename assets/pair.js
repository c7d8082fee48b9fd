/* A screen that waits looks every few seconds whether its code is still the one it shows; it bears a server that is away. */
(function () {
  "use strict";
  var shown = document.querySelector("[data-code]").dataset.code;

  function later() { setTimeout(look, 4000); }
  function look() {
    var asked = new XMLHttpRequest();
    asked.open("HEAD", location.href);
    asked.timeout = 10000;
    asked.onload = function () {
      if (asked.status === 200 && asked.getResponseHeader("X-Waits") !== shown) location.reload();
      else later();
    };
    asked.onerror = asked.ontimeout = later;
    asked.send();
  }
  later();
})();
