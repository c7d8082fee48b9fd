/* Polls a glance page's payload, swaps what changed, ages the data's time, never loses the last picture. */
(() => {
  "use strict";
  const page = document.documentElement, root = document.getElementById("glance"), find = css => document.querySelector(css);
  if (!root || !root.dataset.live || !window.fetch || !window.AbortController) return;
  const wall = page.classList.contains("wall"), interval = (+root.dataset.seconds || 15) * 1000, now = () => performance.now();
  const status = find("[data-status]"), given = status ? status.dataset : {}, written = new Map(), SIZES = [1, 60, 3600, 86400];
  let build = root.dataset.build || "", etag = root.dataset.etag || "", seq = -1, failures = 0, timer = 0, flying = false;
  // A page that was kept on the phone is as much older as it was kept, and nothing has been heard yet.
  const kept = page.dataset.kept;
  let asOf = given.asOf || "", age = (+given.age || 0) + (+kept || 0), agedAt = now(), server = Date.now() - now(), heard = now();

  const jitter = ms => ms * (0.8 + 0.4 * Math.random());
  const later = ms => { clearTimeout(timer); timer = setTimeout(beat, ms); };
  const notice = (name, on) => { const it = find(`[data-notice="${name}"]`); if (it) it.hidden = !on; };
  const write = (css, text) => { const it = status && status.querySelector(css); if (it && it.textContent !== text) it.textContent = text; };
  const groupTime = () => {
    const zone = /([+-])(\d\d):(\d\d)$/.exec(asOf);
    const shift = zone ? (zone[1] + 1) * (zone[2] * 60 + +zone[3]) : -new Date().getTimezoneOffset();
    return new Date(server + now() + shift * 6e4).toISOString();
  };

  function tick() {
    const seconds = Math.max(0, Math.floor(age + (now() - agedAt) / 1000)), unit = SIZES.filter(size => size <= (seconds || 1)).length - 1;
    write(".status-age", Math.floor(seconds / SIZES[unit]) + (given.units || "|||").split("|")[unit]);
    let state = seconds > (given.grey || 300) ? "grey" : seconds > (given.amber || 60) ? "amber" : "live";
    if (now() - heard > 2.4 * interval && !document.hidden) state = "offline";
    for (const it of [page, status]) if (it) ["live", "amber", "grey", "offline"].forEach(name => it.classList.toggle("is-" + name, name === state));
  }
  function stamp(headers) {
    const date = Date.parse(headers.get("Date")), text = headers.get("X-As-Of"), at = Date.parse(text);
    if (date) server = date - now();
    if (!at) return;
    [asOf, age, agedAt] = [text, Math.max(0, (server + now() - at) / 1000), now()];
    write(".status-time", (text.slice(0, 10) === groupTime().slice(0, 10) ? "" : text.slice(5, 10) + " ") + text.slice(11, 16));
  }

  function fill(part, html) {
    const open = [...part.querySelectorAll("details[open][id]")].map(it => it.id), focus = part.contains(document.activeElement) && document.activeElement.id;
    part.innerHTML = html;
    for (const it of part.querySelectorAll("[id]")) {
      if (open.includes(it.id)) it.open = true;
      if (it.id === focus) it.focus({ preventScroll: true });
    }
  }
  function swap(payload) {
    const fresh = new DOMParser().parseFromString(payload.html, "text/html").body, body = find("[data-parts]");
    const parts = node => [...node.querySelectorAll("[data-part]")], name = part => part.dataset.part;
    if (!parts(fresh).length) throw new Error("empty");
    const shown = part => find(`[data-part="${name(part)}"]`);
    const renew = part => {
      const html = part.innerHTML, key = name(part);
      if ((written.get(key) || shown(part).innerHTML) !== html) fill(shown(part), html);
      written.set(key, html);
    };
    for (const part of parts(fresh)) if (shown(part) && !body.contains(shown(part))) { renew(part); part.remove(); }
    if (String(parts(fresh).map(name)) === String(parts(body).map(name))) parts(fresh).forEach(renew);
    else { fill(body, fresh.innerHTML); written.clear(); }
    if (payload.title && document.title !== payload.title) document.title = payload.title;
    document.dispatchEvent(new Event("warboard:swapped"));
  }

  function reload(why) {
    const memory = window.sessionStorage, clock = Date.now();
    const [last, reason] = (memory.getItem("reloaded") || "0 ").split(" ");
    if (clock >= +last && clock - last < (why && why === reason ? 6e5 : 6e4)) return;
    fetch(location.href, { method: "HEAD", cache: "no-store" }).then(answer => {
      if (!answer.ok) return;
      memory.setItem("reloaded", Date.now() + " " + (why || ""));
      location.reload();
    }).catch(() => {});
  }
  async function forget() {
    if (window.caches) for (const name of await caches.keys()) await caches.delete(name);
  }
  function accept(answer, payload) {
    const next = +answer.headers.get("X-Seq"), shipped = answer.headers.get("X-Build");
    [heard, failures] = [now(), 0];
    delete page.dataset.kept;
    ["signin", "revoked"].forEach(name => notice(name, false));
    build = build || shipped;
    if (shipped && shipped !== build) wall ? setTimeout(reload, 2e4 * Math.random(), shipped) : forget().then(() => notice("build", true));
    if (next && next < seq) return;
    seq = next || seq;
    stamp(answer.headers);
    if (payload) { swap(payload); etag = answer.headers.get("ETag") || ""; }
  }
  function refused(code) {
    if (code === 401) { notice("signin", true); forget(); }
    if (code === 410 && wall) { fill(find("[data-parts]"), ""); written.clear(); etag = ""; notice("revoked", true); }
    throw new Error(code);
  }
  function beat() {
    if (flying || document.hidden) return;
    const control = new AbortController(), limit = setTimeout(() => control.abort(), 10000);
    flying = true;
    fetch(root.dataset.live, { headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store", redirect: "error", signal: control.signal })
      .then(answer => answer.status === 304 ? accept(answer) : answer.ok ? answer.json().then(payload => accept(answer, payload)) : refused(answer.status))
      .catch(() => {
        failures += 1;
        if (page.dataset.kept) heard = -Infinity;
      })
      .then(() => {
        clearTimeout(limit);
        flying = false;
        later(Math.min(4.5e4, jitter(interval * 2 ** Math.max(0, failures - 1))));
        tick();
      });
  }
  function back() { if (document.hidden) clearTimeout(timer); else { heard = now(); later(0); } }

  document.addEventListener("visibilitychange", back);
  window.addEventListener("online", back);
  window.warboard = { groupTime, reload, age: () => Math.round(age + (now() - agedAt) / 1000) };
  setInterval(tick, 1000);
  tick();
  later(kept ? 0 : jitter(interval));
  async function keep() {
    const first = !navigator.serviceWorker.controller;
    await navigator.serviceWorker.register("/sw.js");
    if (first) (await navigator.serviceWorker.ready).active.postMessage("keep");
  }
  if (!wall && navigator.serviceWorker) keep();
})();
