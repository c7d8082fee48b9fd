/* Keeps a person's last pages on the phone: shown at once, with the age they have by now, and when there is no network. */
"use strict";
const PREFIX = "pages-", LONGEST = 12 * 60 * 60 * 1000, MOST = 20;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", event => event.waitUntil(self.clients.claim()));
self.addEventListener("message", event => event.waitUntil(load(new Request(event.source.url))));
self.addEventListener("fetch", event => {
  if (event.request.mode === "navigate") event.respondWith(isAtTheDoor(event.request) ? pass(event.request) : answer(event));
});

/* Whoever signs in or out leaves nothing behind, with or without a network; nor does an answer that was still on its way. */
let passed = 0;
function isAtTheDoor(request) { return request.method !== "GET" || new URL(request.url).pathname === "/sign-out"; }
async function pass(request) {
  passed += 1;
  await forget();
  return fetch(request);
}

/* What is kept is shown first and renewed behind it; what is not kept comes from the network. */
async function answer(event) {
  const kept = await shown(event.request.url).catch(() => null);
  if (!kept) return load(event.request);
  event.waitUntil(load(event.request).catch(() => {}));
  return kept;
}

/* Ask the network. A page marked with its session is kept, one sign that the session is over forgets them all. */
async function load(request) {
  const before = passed, found = await fetch(request), session = found.headers.get("X-Keep");
  if (found.ok && session && before === passed) await keep(request.url, found.clone(), PREFIX + session);
  else if (found.type === "opaqueredirect" || [401, 403, 410].includes(found.status)) await forget();
  return found;
}

async function keep(url, page, name) {
  await forget(name);
  const headers = new Headers(page.headers);
  headers.delete("Content-Encoding");
  headers.set("X-Kept-At", Date.now());
  const pages = await caches.open(name);
  await pages.delete(url);
  await pages.put(url, new Response(await page.text(), { headers }));
  const urls = await pages.keys();
  await Promise.all(urls.slice(0, Math.max(0, urls.length - MOST)).map(one => pages.delete(one)));
}

async function shown(url) {
  const page = await caches.match(url);
  if (!page) return null;
  const age = Date.now() - page.headers.get("X-Kept-At");
  if (!(age >= 0 && age < LONGEST)) return null;
  const html = (await page.text()).replace("<html ", `<html data-kept="${Math.round(age / 1000)}" `);
  return new Response(html, { headers: page.headers });
}

async function forget(except) {
  const names = await caches.keys();
  await Promise.all(names.filter(name => name.startsWith(PREFIX) && name !== except).map(name => caches.delete(name)));
}
