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
  function tell(cell, focus) {
    const grid = cell.closest(".heat-grid"), row = cell.parentElement, told = grid.closest(".heat").querySelector(".heat-told");
    const of = full(row.cells[0]), when = full(headings(grid)[cell.cellIndex]), value = cell.textContent;
    close();
    chosen = { title: grid.caption.textContent, of, when, focus };
    for (const other of grid.querySelectorAll("[tabindex]")) other.removeAttribute("tabindex");
    cell.tabIndex = 0;
    cell.classList.add("is-told");
    const shown = value + (grid.hasAttribute("data-percent") && value !== "–" ? "%" : "");
    told.querySelector(".heat-told-what").textContent = [of, when, grid.dataset.of + " " + shown, cell.title].join(" · ");
    told.hidden = false;
    if (focus) cell.focus({ preventScroll: true });
  }
  /* New numbers came: the same place of the same grid, or nothing when its hour has gone. */
  function again() {
    const { title, of, when, focus } = chosen, grid = grids().find(one => one.caption.textContent === title);
    const row = grid && rows(grid).find(one => full(one.cells[0]) === of);
    const at = grid ? headings(grid).findIndex(one => full(one) === when) : -1;
    if (!row || at < 1) return close();
    if (!row.cells[at].classList.contains("is-told")) tell(row.cells[at], focus && document.activeElement === document.body);
  }
  function step(cell, [down, right]) {
    const all = rows(cell.closest(".heat-grid")), row = all[all.indexOf(cell.parentElement) + down];
    const next = row && row.cells[cell.cellIndex + right];
    if (next && next.classList.contains("heat-cell")) { tell(next, true); next.scrollIntoView({ block: "nearest", inline: "nearest" }); }
  }

  document.addEventListener("click", event => {
    const near = css => event.target.closest && event.target.closest(css);
    const button = near(".heat-told-button"), told = document.querySelector(".heat-cell.is-told");
    if (button) return button.dataset.step && told ? step(told, [0, +button.dataset.step]) : close();
    const cell = near(".is-telling .heat-cell");
    if (cell) cell.classList.contains("is-told") ? close() : tell(cell, true);
  });
  document.addEventListener("keydown", event => {
    const cell = event.target.closest && event.target.closest(".is-telling .heat-cell");
    if (event.key === "Escape") close();
    if (!cell) return;
    if (event.key === "Enter" || event.key === " ") tell(cell, true);
    else if (STEPS[event.key]) step(cell, STEPS[event.key]);
    else return;
    event.preventDefault();
  });
  document.addEventListener("warboard:swapped", ready);
  ready();
})();
