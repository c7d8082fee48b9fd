/* Says what the touched dot of a trend in the page stands for; arrow keys go from dot to dot. */
(() => {
  "use strict";
  const STEPS = { ArrowLeft: -1, ArrowRight: 1 };
  const dots = trend => [...trend.querySelectorAll("circle")];
  const middle = dot => { const box = dot.getBoundingClientRect(); return (box.left + box.right) / 2; };

  function tell(trend, dot) {
    dots(trend).forEach(other => other.classList.toggle("is-told", other === dot));
    trend.querySelector(".still-trend-told").textContent = dot.textContent;
  }
  document.addEventListener("click", event => {
    const plot = event.target.closest && event.target.closest(".still-trend-plot");
    if (!plot) return;
    const away = dot => Math.abs(middle(dot) - event.clientX), all = dots(plot);
    tell(plot.parentElement, all.reduce((nearest, dot) => away(dot) < away(nearest) ? dot : nearest));
  });
  document.addEventListener("keydown", event => {
    const trend = event.target.closest && event.target.closest(".still-trend");
    if (!trend || !STEPS[event.key]) return;
    const all = dots(trend), told = all.findIndex(dot => dot.classList.contains("is-told"));
    const at = told < 0 ? all.length - 1 : told + STEPS[event.key];
    if (all[at]) tell(trend, all[at]);
    event.preventDefault();
  });
})();
