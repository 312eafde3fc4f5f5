{% load static %}// Keeps the pages of rounds and their look, for a line that is cut. What is entered is not its work.
"use strict";
const LOOK = "upkeep-look-1";
const READ = "upkeep-read-1";
const ROUNDS = "{% url 'rounds' %}";
const COLLECTIONS = "{% url 'collections' %}";
const PHOTOS = "{% url 'rounds' %}photos/";
const FILES = [
  "{% static 'css/tokens.css' %}",
  "{% static 'css/base.css' %}",
  "{% static 'css/upkeep_rounds.css' %}",
  "{% static 'css/upkeep_collections.css' %}",
  "{% static 'js/rounds.js' %}",
  "{% static 'js/rounds_queue.js' %}",
  "{% static 'js/rounds_store.js' %}",
  "{% static 'js/rounds_stop.js' %}",
  "{% static 'js/collections.js' %}",
  "{% static 'favicon.svg' %}",
];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(LOOK).then((look) => look.addAll(FILES)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (names) => names.filter((name) => name.startsWith("upkeep-") && ![LOOK, READ].includes(name));
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(old(names).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

// A page that was on its way while the worker took over is nobody's: it asks to be taken, too.
self.addEventListener("message", (event) => {
  if (event.data === "claim") event.waitUntil(self.clients.claim());
});

// The newest look while there is a line: a page of today never runs with the script of last week.
async function look(request) {
  const kept = await caches.open(LOOK);
  try {
    const answer = await fetch(request);
    if (answer.ok) await kept.put(request, answer.clone());
    return answer;
  } catch (error) {
    const known = await kept.match(request, { ignoreSearch: true });
    if (known) return known;
    throw error;
  }
}

const isKept = (path) =>
  (path.startsWith(ROUNDS) && !path.startsWith(PHOTOS)) || (path.startsWith(COLLECTIONS) && !path.includes("/lists/"));

async function read(request) {
  const pages = await caches.open(READ);
  const where = new URL(request.url);
  const key = where.origin + where.pathname;
  try {
    const answer = await fetch(request);
    const isOut = answer.redirected && !isKept(new URL(answer.url).pathname);
    // Whoever is logged out leaves nothing behind to read; what waits to be sent stays.
    if (isOut) await caches.delete(READ);
    else if (answer.ok && !answer.redirected) await pages.put(key, answer.clone());
    return answer;
  } catch (error) {
    const known = await pages.match(key);
    if (known) return known;
    throw error;
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== location.origin || request.method !== "GET") return;
  if (pathname.startsWith("{% static '' %}")) event.respondWith(look(request));
  else if (isKept(pathname) && request.mode === "navigate") {
    event.respondWith(read(request));
  }
});
