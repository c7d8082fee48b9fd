/* Says what is behind a cell of a heat grid that is touched, or reached with the arrow keys; the words stand in the table. */
(() => {
  "use strict";
  const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  let chosen = null;

  const grids = () => [...document.querySelectorAll(".is-telling .heat-grid")].filter(grid => grid.offsetParent);
  const headings = grid => [...grid.tHead.lastElementChild.cells];
  const full = heading => heading.title || heading.textContent;
  const rows = grid => [...grid.tBodies[0].rows];

  function ready() {
    for (const grid of grids()) if (!grid.querySelector("[tabindex]")) {
      const first = grid.querySelector(".heat-cell");
      if (first) first.tabIndex = 0;
    }
    if (chosen) again();
  }
  function close() {
    document.querySelectorAll(".heat-told").forEach(told => { told.hidden = true; });
    document.querySelectorAll(".heat-cell.is-told").forEach(cell => cell.classList.remove("is-told"));
    chosen = null;
  }
  function tell(cell) {
    const grid = cell.closest(".heat-grid"), row = cell.parentElement, told = grid.closest(".heat").querySelector(".heat-told");
    const of = full(row.cells[0]), when = full(headings(grid)[cell.cellIndex]), value = cell.textContent;
    close();
    chosen = { title: grid.caption.textContent, of, when };
    for (const other of grid.querySelectorAll("[tabindex]")) other.removeAttribute("tabindex");
    cell.tabIndex = 0;
    cell.classList.add("is-told");
    const shown = value + (grid.hasAttribute("data-percent") && value !== "–" ? "%" : "");
    told.querySelector(".heat-told-what").textContent = [of, when, grid.dataset.of + " " + shown, cell.title].filter(Boolean).join(" · ");
    told.hidden = false;
  }
  function reach(cell, focus) {
    tell(cell);
    chosen.focus = focus;
    if (focus) cell.focus({ preventScroll: true });
    cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  /* New numbers came: the same place of the same grid, or nothing when its hour has gone. */
  function again() {
    const { title, of, when, focus } = chosen, grid = grids().find(one => one.caption.textContent === title);
    const row = grid && rows(grid).find(one => full(one.cells[0]) === of);
    const at = grid ? headings(grid).findIndex(one => full(one) === when) : -1;
    if (!row || at < 1) return close();
    if (row.cells[at].classList.contains("is-told")) return;
    tell(row.cells[at]);
    chosen.focus = focus;
    if (focus && document.activeElement === document.body) row.cells[at].focus({ preventScroll: true });
  }
  function step(cell, [down, right], focus) {
    const all = rows(cell.closest(".heat-grid")), row = all[all.indexOf(cell.parentElement) + down];
    const next = row && row.cells[cell.cellIndex + right];
    if (next && next.classList.contains("heat-cell")) reach(next, focus);
  }

  document.addEventListener("click", event => {
    const near = css => event.target.closest && event.target.closest(css);
    const button = near(".heat-told-button"), told = document.querySelector(".heat-cell.is-told");
    if (button && button.dataset.step) return step(told, [0, +button.dataset.step], false);
    if (button) { close(); return told.focus({ preventScroll: true }); }
    const cell = near(".is-telling .heat-cell");
    if (cell) cell.classList.contains("is-told") ? close() : reach(cell, true);
  });
  document.addEventListener("keydown", event => {
    const cell = event.target.closest && event.target.closest(".is-telling .heat-cell");
    if (event.key === "Escape") close();
    if (!cell) return;
    if (event.key === "Enter" || event.key === " ") reach(cell, true);
    else if (STEPS[event.key]) step(cell, STEPS[event.key], true);
    else return;
    event.preventDefault();
  });
  document.addEventListener("warboard:swapped", ready);
  ready();
})();
