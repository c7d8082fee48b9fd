/* Raw, a Dash component: takes the first paint into Dash's page without a second drawing, and says where the page is. */
(function () {
  "use strict";
  var React = window.React, TOKENS = ["ink", "quiet", "line", "accent", "sheet"];

  function colours() {
    // A token may be a function of others; the colour of an element is always a plain one.
    var probe = document.body.appendChild(document.createElement("i")), found = {};
    TOKENS.forEach(function (name) {
      probe.style.color = "var(--" + name + ")";
      found[name] = getComputedStyle(probe).color;
    });
    probe.remove();
    return found;
  }
  function Raw(props) {
    var host = React.useRef(null);
    React.useLayoutEffect(function () {
      var from = document.getElementById(props.adopt), into = host.current;
      // moveBefore keeps focus, scroll positions and running transitions where the browser has it.
      var move = into.moveBefore ? "moveBefore" : "insertBefore";
      while (from && from.firstChild) into[move](from.firstChild, null);
      var swaps = 0, swapped = function () { props.setProps({ swaps: swaps += 1 }); };
      document.addEventListener("warboard:swapped", swapped);
      props.setProps({ address: location.pathname + location.search, colours: colours() });
      return function () { document.removeEventListener("warboard:swapped", swapped); };
    }, []);
    return React.createElement("div", { id: props.id, ref: host });
  }
  window.warboard = window.warboard || {};
  window.warboard.Raw = Raw;
})();
