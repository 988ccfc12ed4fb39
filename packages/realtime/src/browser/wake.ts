interface Target {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/** Calls `wake` when the network comes back or the page becomes visible again. Does nothing where there is no page. Returns how to stop. */
export function onWake(wake: () => void): () => void {
  const page = globalThis as { readonly document?: Target & { readonly visibilityState?: string } } & Partial<Target>;
  const { document } = page;
  if (document === undefined || page.addEventListener === undefined) return () => undefined;
  const visible = () => {
    if (document.visibilityState === 'visible') wake();
  };
  page.addEventListener('online', wake);
  document.addEventListener('visibilitychange', visible);
  return () => {
    page.removeEventListener?.('online', wake);
    document.removeEventListener('visibilitychange', visible);
  };
}
