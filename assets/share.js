/* Passes a page on. On a phone to its own sheet; at a desk the address is copied and the picture saved. Without this script both are plain links. */
(() => {
  "use strict";
  const desk = matchMedia("(pointer: fine)").matches;
  const copy = text => {
    if (navigator.clipboard && isSecureContext) return navigator.clipboard.writeText(text);
    const field = document.body.appendChild(document.createElement("textarea"));
    field.value = text;
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done ? Promise.resolve() : Promise.reject(new Error("copy"));
  };
  const say = link => {
    const word = link.querySelector("span"), text = word.textContent;
    if (text === link.dataset.done) return;
    word.textContent = link.dataset.done;
    setTimeout(() => { word.textContent = text; }, 2000);
  };
  const save = file => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = file.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  };

  function pass(link) {
    if (navigator.share && !desk) return navigator.share({ title: document.title, url: link.href });
    return copy(link.href).then(() => say(link));
  }
  async function hand(link) {
    const answer = await fetch(link.href, { cache: "no-store", redirect: "error" });
    if (!answer.ok) throw new Error(answer.status);
    const name = answer.headers.get("Content-Disposition").split('"')[1];
    const file = new File([await answer.blob()], name, { type: "image/png" });
    return desk ? save(file) : navigator.share({ files: [file] });
  }
  document.addEventListener("click", event => {
    const link = event.target.closest && event.target.closest("[data-share]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const way = link.dataset.share === "link" ? pass : desk || navigator.canShare ? hand : null;
    if (!way) return;
    event.preventDefault();
    way(link).catch(error => { if (error.name !== "AbortError") location.assign(link.href); });
  });
})();
