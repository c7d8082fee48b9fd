/* Passes a page on: its address to the phone's own sheet or the clipboard, its picture as a file; without it both are plain links. */
(() => {
  "use strict";
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
  const left = error => error.name === "AbortError";

  function pass(link) {
    if (navigator.share) return navigator.share({ title: document.title, url: link.href });
    return copy(link.href).then(() => say(link));
  }
  function hand(link) {
    return fetch(link.href, { cache: "no-store", redirect: "error" }).then(answer => {
      if (!answer.ok) throw new Error(answer.status);
      return answer.blob();
    }).then(picture => {
      const name = link.pathname.split("/").pop(), files = [new File([picture], name, { type: "image/png" })];
      if (!navigator.canShare({ files })) throw new Error("files");
      return navigator.share({ files });
    });
  }
  document.addEventListener("click", event => {
    const link = event.target.closest && event.target.closest("[data-share]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const way = link.dataset.share === "link" ? pass : navigator.canShare ? hand : null;
    if (!way) return;
    event.preventDefault();
    way(link).catch(error => { if (!left(error)) location.assign(link.href); });
  });
})();
