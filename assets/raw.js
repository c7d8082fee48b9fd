/* Raw, a Dash component: takes the first paint into Dash's page without a second drawing, and says where the page is. */
(function () {
  "use strict";
  var React = window.React, TOKENS = ["ink", "quiet", "line", "own", "accent", "sheet"];

  function colours() {
    var styles = getComputedStyle(document.documentElement);
    return TOKENS.reduce(function (found, name) {
      found[name] = styles.getPropertyValue("--" + name).trim();
      return found;
    }, {});
  }
  function Raw(props) {
    var host = React.useRef(null);
    React.useLayoutEffect(function () {
      var from = document.getElementById(props.adopt), into = host.current;
      // moveBefore keeps focus, scroll positions and running transitions where the browser has it.
      var move = into.moveBefore ? "moveBefore" : "insertBefore";
      while (from && from.firstChild) into[move](from.firstChild, null);
      props.setProps({ address: location.pathname + location.search, colours: colours() });
    }, []);
    return React.createElement("div", { id: props.id, ref: host });
  }
  window.warboard = window.warboard || {};
  window.warboard.Raw = Raw;
})();
