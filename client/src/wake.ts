// Tells when the page or the network comes back, and when the page goes to sleep. Nothing is touched before the first call, so that
// the module can be loaded where there is no window (servers, workers).

/**
 * Calls `wake` when the network or the page is back (`anew`: what stood before is gone, or not to be trusted), and `sleep` when the
 * page is left, and may be shown again as it was: an open socket would keep it out of the back/forward cache. Until the returned
 * function is called.
 */
export function listen(wake: (anew: boolean) => void, sleep: () => void): () => void {
  const { window, document, self = window } = globalThis as Partial<typeof globalThis>;
  const all: [EventTarget | undefined, string, (event: Event) => void][] = [
    [self, "online", () => wake(true)],
    [document, "visibilitychange", () => document?.hidden || wake(false)],
    [window, "pageshow", (event) => (event as PageTransitionEvent).persisted && wake(true)],
    [window, "pagehide", sleep],
  ];
  for (const [target, name, listener] of all) target?.addEventListener?.(name, listener);
  return () => {
    for (const [target, name, listener] of all) target?.removeEventListener?.(name, listener);
  };
}
