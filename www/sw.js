// Keeps the page for visits without a connection. What is kept, and under which name, is written here when the page is built.
const NAME = "mqttlab-dev";
const FILES = [];

addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(FILES)));
});

addEventListener("activate", (event) => {
  const drop = (names) => names.filter((name) => name.startsWith("mqttlab-") && name !== NAME).map((name) => caches.delete(name));
  event.waitUntil(caches.keys().then((names) => Promise.all(drop(names))));
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  const path = request.mode === "navigate" ? "./" : request;
  // Only what belongs to the page is kept; anything else goes its usual way.
  event.respondWith(caches.open(NAME).then(async (cache) => (await cache.match(path, { ignoreSearch: true })) ?? fetch(request)));
});
