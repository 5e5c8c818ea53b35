// Answers every navigation with index.html, as Workbox does with `navigateFallback`.
addEventListener('install', (event) => {
  event.waitUntil(caches.open('application').then((cache) => cache.add('/index.html')));
  skipWaiting();
});
addEventListener('activate', (event) => event.waitUntil(clients.claim()));
addEventListener('fetch', (event) => {
  if (event.request.mode === 'navigate') event.respondWith(caches.match('/index.html'));
});
