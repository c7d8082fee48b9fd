/* Moves the sandbox with the thumb: what the server answers stands at once, the address keeps what is decided. One request is in
   flight; while it is, only the newest position waits. Without this script the form's button does the same. */
(() => {
  "use strict";
  const sheet = document.querySelector("form.sandbox");
  if (!sheet) return;
  const levers = [...sheet.querySelectorAll("input[type=range]")];
  let busy = false, again = false, noted = 0;

  const field = lever => lever.closest(".lever");
  const moved = () => levers.filter(lever => lever.value !== field(lever).dataset.default);
  function said(lever) {
    const told = field(lever).dataset, units = (told.units || "").split("|"), value = Number(lever.value);
    if (told.rate) {
      const rate = Math.min(told.rate * value, 100).toFixed(1) + "%";
      return lever.value === told.default ? rate : rate + " (" + value + "%)";
    }
    if (!units[1]) return value + "%";
    return value < 60 ? value + units[0] : (Math.round(value / 6) / 10).toFixed(1) + units[1];
  }
  function address(path) {
    const [at, asked] = path.split("?"), kept = new URLSearchParams(asked || "");
    levers.forEach(lever => kept.delete(lever.name));
    kept.delete("name");
    moved().forEach(lever => kept.set(lever.name, lever.value));
    return at + (kept.size || kept.toString() ? "?" + kept : "");
  }
  function ask() {
    if (busy) { again = true; return; }
    busy = true;
    fetch(address(sheet.dataset.answer), { headers: { Accept: "text/html" }, credentials: "same-origin" })
      .then(answer => { if (!answer.ok) throw answer.status; return answer.text(); })
      .then(html => {
        const made = document.createElement("template");
        made.innerHTML = html;
        const next = made.content.querySelector("#sandbox-answer"), now = document.getElementById("sandbox-answer");
        if (next && now) now.replaceWith(next);
      })
      /* Signed out or cut off: the form's button says so, and leads on. */
      .catch(() => { sheet.classList.remove("is-moving"); })
      .finally(() => { busy = false; if (again) { again = false; ask(); } });
  }
  function note() {
    clearTimeout(noted);
    noted = setTimeout(() => { history.replaceState(history.state, "", address(location.pathname + location.search)); }, 200);
  }

  sheet.classList.add("is-moving");
  sheet.addEventListener("input", event => {
    const lever = event.target;
    if (lever.type !== "range") return;
    field(lever).querySelector("output").textContent = said(lever);
    ask();
    note();
  });
})();
