/* A paired screen says with its polls what it is: the version of its page, its size and the age of its picture. Once it is closed, it goes to be paired anew. */
(function () {
  "use strict";
  var root = document.getElementById("glance"), closed = document.querySelector("[data-notice=revoked]"), leaving = 0;
  if (!window.warboard || !root || !closed) return;
  var address = root.dataset.live, mark = address.indexOf("?") < 0 ? "?" : "&";

  function tell() {
    var told = { build: root.dataset.build, size: window.innerWidth + "x" + window.innerHeight, age: window.warboard.age() };
    root.dataset.live = address + mark + Object.keys(told).map(function (name) { return name + "=" + told[name]; }).join("&");
    if (!closed.hidden && !leaving) leaving = setTimeout(function () { location.replace("/screen"); }, 10000);
  }
  setInterval(tell, 2000);
  tell();
})();
