/* Draws the gallery's charts, each in the colours of the theme around it. */
(function () {
  "use strict";
  for (const place of document.querySelectorAll("[data-figure]")) {
    const style = getComputedStyle(place), colour = (_, name) => style.getPropertyValue(name).trim();
    const figure = JSON.parse(place.dataset.figure.replace(/var\((--[\w-]+)\)/g, colour));
    window.Plotly.newPlot(place, figure.data, figure.layout, { staticPlot: true, responsive: true, showSendToCloud: false });
  }
})();
